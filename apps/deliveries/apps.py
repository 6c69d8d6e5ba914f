"""App configuration of deliveries."""

from django.apps import AppConfig


class DeliveriesConfig(AppConfig):
    name = "apps.deliveries"
