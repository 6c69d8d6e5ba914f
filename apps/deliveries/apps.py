"""App configuration of deliveries."""

from importlib import import_module

from django.apps import AppConfig


class DeliveriesConfig(AppConfig):
    name = "apps.deliveries"

    def ready(self) -> None:
        """Name the permissions, so that pages can ask for them without knowing where they are defined."""
        import_module("apps.deliveries.permissions")
