"""Addresses of one shipper's host: its desk, its admin, sign-in."""

from django.urls import include, path

from apps.accounts.admin_sites import desk_admin_site

urlpatterns = [
    path("admin/", desk_admin_site.urls),
    path("", include("apps.portal.urls_common")),
    path("", include("apps.portal.urls_desk")),
]
