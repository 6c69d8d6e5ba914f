"""Addresses of the network's host: the recipients' hub, the operator's pages, sign-in."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from apps.accounts.admin_sites import hub_admin_site

urlpatterns = [
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/v1/", include("apps.appointments.urls")),
    path("admin/", hub_admin_site.urls),
    path("", include("apps.portal.urls_common")),
    path("", include("apps.portal.urls_hub")),
]
