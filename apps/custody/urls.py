"""Addresses of the custody room on a shipper's host, below ``/api/v1/``."""

from django.urls import path

from apps.custody.api import CheckpointView, KeysView, NetworkCheckpointView

app_name = "custody"

urlpatterns = [
    path("custody/checkpoint", CheckpointView.as_view(), name="checkpoint"),
    path("custody/keys", KeysView.as_view(), name="keys"),
    path("custody/network-checkpoint", NetworkCheckpointView.as_view(), name="network_checkpoint"),
]
