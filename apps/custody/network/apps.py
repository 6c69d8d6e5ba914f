"""App configuration of the network's log."""

from django.apps import AppConfig


class NetworkLogConfig(AppConfig):
    name = "apps.custody.network"
