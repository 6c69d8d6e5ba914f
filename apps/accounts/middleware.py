"""Puts the actor on the request: the signed-in person in their role at this host, or nobody."""

from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from apps.accounts.actors import Actor, actor_at_shipper, actor_in_network
from apps.tenancy.doorway import current_shipper, in_network

SIGNED_IN_AT = "signed_in_at"


class ActorMiddleware:
    """A session is good at the host where it was opened and nowhere else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        here = request.get_host().split(":")[0]
        if request.session.get(SIGNED_IN_AT) != here:
            request.user = AnonymousUser()
        request.actor = SimpleLazyObject(lambda: _actor(request))  # type: ignore[attr-defined]
        return self.get_response(request)


def _actor(request: HttpRequest) -> Actor | None:
    if not request.user.is_authenticated:
        return None
    if in_network():
        return actor_in_network(request.user)
    return actor_at_shipper(request.user, current_shipper().pk)
