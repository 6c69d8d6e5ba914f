"""Addresses of one shipper's host: its desk, its admin, sign-in."""

from django.urls import include, path

urlpatterns = [
    path("account/", include("allauth.account.urls")),
]
