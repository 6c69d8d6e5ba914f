"""The request as our middleware leaves it: with the person who is signed in and the actor they are here."""

from typing import TYPE_CHECKING

from allauth.account.adapter import get_adapter
from django.http import HttpRequest

from apps.accounts.actors import Actor

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from apps.accounts.models import Person


class ActingRequest(HttpRequest):
    """A request of somebody with a role at this host; pages behind ``apps.portal.access`` get nothing else.

    For typing alone: the server makes the request, ``apps.accounts.middleware`` puts ``actor`` on it.
    """

    actor: Actor
    user: "Person"
    htmx: "HtmxDetails"


def actor_of(request: object) -> Actor | None:
    """Whom our middleware found to be acting on a request of Django or of the API; None for strangers."""
    return getattr(request, "actor", None) or None


def client_address(request: HttpRequest) -> str:
    """The client's IP address for limits: behind ``TRUSTED_PROXIES`` what the outermost of them saw."""
    return str(get_adapter().get_client_ip(request))
