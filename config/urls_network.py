"""Addresses of the network's host: the recipients' hub, the operator's pages, sign-in."""

from django.urls import include, path

urlpatterns = [
    path("", include("apps.portal.urls_common")),
    path("", include("apps.portal.urls_hub")),
]
