"""Addresses of what vehicles and sensors report, on a shipper's host, below ``/api/v1/``."""

from django.urls import path

from apps.integrations import telematics

urlpatterns = [
    path("positions", telematics.PositionsView.as_view(), name="positions"),
    path("readings", telematics.ReadingsView.as_view(), name="readings"),
]
