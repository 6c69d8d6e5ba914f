"""From the request's host to the schema it works in: the network's host is the hub, a shipper's its desk."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django_tenants.middleware.main import TenantMainMiddleware
from django_tenants.postgresql_backend.base import FakeTenant
from django_tenants.utils import get_public_schema_name

from apps.tenancy.models import Domain, Shipper


class HostMiddleware(TenantMainMiddleware):
    """An unknown host, or one of a shipper that is not active, is not found: never another's pages."""

    def get_tenant(self, domain_model: type[Domain], hostname: str) -> Shipper | FakeTenant:
        if hostname == settings.NETWORK_HOST:
            return FakeTenant(get_public_schema_name())
        domain = domain_model.objects.select_related("tenant").get(domain=hostname)
        if domain.tenant.state != Shipper.State.ACTIVE:
            raise domain_model.DoesNotExist(hostname)
        return domain.tenant


class HealthMiddleware:
    """Answers /healthz before any host or database is looked at: is this process alive?"""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return HttpResponse("ok\n", content_type="text/plain")
        return self.get_response(request)
