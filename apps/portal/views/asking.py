"""One question before one step: its form, the step once it is filled in, a refusal above what was typed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from apps.accounts.http import ActingRequest
from apps.core.errors import DomainError, PermissionRefused
from apps.deliveries.models import Delivery
from apps.portal.frame import desk_frame


@dataclass(frozen=True)
class Done:
    """What is said of a step that was done, and the address it leads to; blank: where it was asked from."""

    said: str
    leads_to: str = ""


def ask(
    request: ActingRequest, form: forms.Form, act: Callable[[], Done], *, back: str, **context: Any
) -> HttpResponse:
    """Show the form, or ``act`` on it where it was sent and is valid.

    ``back`` is the address it was asked from; ``context`` has the page's frame, ``base``, ``title``,
    ``needs`` and ``verb``. A refusal keeps what was typed; that somebody may not do it at all is for the
    middleware to say.
    """
    refused: DomainError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            done = act()
        except PermissionRefused:
            raise
        except DomainError as error:
            refused = error
        else:
            messages.success(request, done.said)
            return redirect(done.leads_to or back)
    status = refused.status if refused else 422 if form.errors else 200
    context |= {"form": form, "back": back, "refused": refused}
    return render(request, "portal/paper_form.html", context, status=status)


def of_delivery(request: ActingRequest, shown: Delivery) -> dict[str, Any]:
    """The frame of a question at the desk that is asked from a delivery's page."""
    return desk_frame(request, section="deliveries") | {
        "base": "desk_base.html",
        "back": reverse("desk:delivery", args=[shown.pk]),
    }
