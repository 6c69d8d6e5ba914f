"""Who may open a page: signed in, and on the side whose page it is; everybody else gets a clear answer."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase

from apps.accounts.actors import Actor, Side
from apps.accounts.http import ActingRequest
from apps.accounts.models import Role

View = Callable[..., HttpResponseBase]


def hub_page(view: View) -> View:
    """For people with a role at a recipient."""
    return _page(view, lambda actor: bool(actor.recipient_roles))


def desk_page(view: View) -> View:
    """For the shipper's planners and administrators."""
    return _page(
        view, lambda actor: actor.side == Side.SHIPPER and actor.has_role(Role.PLANNER, Role.SHIPPER_ADMIN)
    )


def shipper_page(view: View) -> View:
    """For anybody with a role at the shipper, its auditors included."""
    return _page(view, lambda actor: actor.side == Side.SHIPPER)


def operator_page(view: View) -> View:
    """For the operator of the network."""
    return _page(view, lambda actor: Role.OPERATOR in actor.roles)


def member_page(view: View) -> View:
    """For anybody with a role here."""
    return _page(view, lambda actor: True)


def _page(view: View, allowed: Callable[[Actor], bool]) -> View:
    @login_required
    @wraps(view)
    def page(request: ActingRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.actor or not allowed(request.actor):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return page
