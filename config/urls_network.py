"""Addresses of the network's host: the recipients' hub, the operator's pages, sign-in."""

from django.urls import include, path

from apps.accounts.admin_sites import hub_admin_site

urlpatterns = [
    path("admin/", hub_admin_site.urls),
    path("", include("apps.portal.urls_common")),
    path("", include("apps.portal.urls_hub")),
]
