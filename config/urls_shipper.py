"""Addresses of one shipper's host: its desk, its admin, sign-in."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from apps.accounts.admin_sites import desk_admin_site

urlpatterns = [
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/v1/", include("apps.appointments.urls")),
    path("api/v1/", include("apps.custody.urls")),
    path("api/v1/", include("apps.tendering.urls")),
    path("api/v1/", include("apps.integrations.urls_telematics")),
    path("api/epcis/2.0/", include("apps.integrations.urls")),
    path("admin/", desk_admin_site.urls),
    path("", include("apps.portal.urls_common")),
    path("", include("apps.portal.urls_desk")),
]
