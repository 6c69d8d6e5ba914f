"""Addresses of one shipper's host: its desk, its admin, sign-in."""

from django.urls import include, path

urlpatterns = [
    path("", include("apps.portal.urls_common")),
    path("", include("apps.portal.urls_desk")),
]
