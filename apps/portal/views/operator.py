"""The operator's page: shippers of the network, and setting up another."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.actors import Organisation, Side
from apps.accounts.http import ActingRequest
from apps.accounts.models import Role
from apps.accounts.services import invite
from apps.core.errors import DomainError
from apps.portal.access import operator_page
from apps.portal.forms import ShipperForm
from apps.portal.frame import role_label
from apps.tenancy.models import Shipper
from apps.tenancy.services import request_shipper


@operator_page
def shippers(request: ActingRequest) -> HttpResponse:
    """Every shipper with its state, and the form that requests another; the worker sets it up."""
    form = ShipperForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            shipper = request_shipper(
                slug=asked["slug"], name=asked["name"], gs1_company_prefix=asked["gs1_company_prefix"]
            )
        except DomainError as error:
            form.add_error("slug", error.message)
        else:
            if asked["administrator"]:
                _invite_administrator(request, shipper, asked["administrator"])
            messages.success(request, _("%(name)s is being set up.") % asked)
            return redirect("hub:shippers")
    context = {
        "shippers": Shipper.objects.prefetch_related("domains"),
        "is_waiting": Shipper.objects.filter(state=Shipper.State.REQUESTED).exists(),
        "form": form,
        "scheme": settings.SCHEME,
        "role_label": role_label(request.actor),
    }
    return render(request, "portal/shippers.html", context, status=422 if form.errors else 200)


def _invite_administrator(request: ActingRequest, shipper: Shipper, email: str) -> None:
    path = reverse("join", args=["TOKEN"]).replace("TOKEN", "{token}")
    port = request.get_host().partition(":")[2]
    host = f"{shipper.slug}.{settings.NETWORK_HOST}" + (f":{port}" if port else "")
    invite(
        actor=request.actor,
        email=email,
        role=Role.SHIPPER_ADMIN,
        organisation=Organisation(Side.SHIPPER, shipper.name, shipper.pk),
        link=f"{settings.SCHEME}://{host}{path}",
        now=timezone.now(),
    )
