"""Addresses of the custody room on a shipper's host, below ``/api/v1/``."""

from django.urls import path

from apps.custody.api import CheckpointView

app_name = "custody"

urlpatterns = [path("custody/checkpoint", CheckpointView.as_view(), name="checkpoint")]
