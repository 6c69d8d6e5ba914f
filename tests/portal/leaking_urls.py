"""Addresses that must not be: what the crawl has to find."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import path

from apps.accounts.http import ActingRequest
from apps.consignments.models import ConsignmentItem
from apps.portal.access import member_page, shipper_page
from apps.tenancy import doorway
from apps.tenancy.models import Shipper


@shipper_page
def neighbours_goods(request: ActingRequest) -> HttpResponse:
    """Another shipper's articles."""
    with doorway.network():
        neighbour = Shipper.objects.get(slug="globex")
    with doorway.enter_shipper(neighbour):
        return HttpResponse("\n".join(str(item) for item in ConsignmentItem.objects.values_list("article")))


@member_page
def anybodys_delivery(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """A page for whatever id is asked for."""
    return HttpResponse("a delivery")


@shipper_page
def careful(request: ActingRequest) -> HttpResponse:
    """Nothing wrong with this one."""
    return HttpResponse("nothing")


def open_to_all(request: HttpRequest) -> HttpResponse:
    """Asks nobody who they are."""
    return HttpResponse("a list")


def broken(request: HttpRequest) -> HttpResponse:
    """Fails."""
    raise KeyError("a delivery")


urlpatterns = [
    path("goods/", neighbours_goods, name="goods"),
    path("deliveries/<uuid:delivery_id>/", anybodys_delivery, name="delivery"),
    path("careful/", careful, name="careful"),
    path("list/", open_to_all, name="list"),
    path("broken/", broken, name="broken"),
    path("account/login/", careful, name="account_login"),
]
