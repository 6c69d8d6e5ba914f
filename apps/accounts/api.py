"""Who may use the REST API at all: people with a role at the host that they ask."""

from typing import TYPE_CHECKING

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request

if TYPE_CHECKING:
    from rest_framework.views import APIView  # loads this module by the settings


class HasRoleHere(IsAuthenticated):
    """Being signed in is not enough: without a role here there is nothing to read, and the API says so."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return super().has_permission(request, view) and bool(getattr(request, "actor", None))
