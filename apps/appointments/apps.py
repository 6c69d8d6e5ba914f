"""App configuration of appointments."""

from importlib import import_module

from django.apps import AppConfig


class AppointmentsConfig(AppConfig):
    name = "apps.appointments"

    def ready(self) -> None:
        """Name the permissions, so that pages can ask for them without knowing where they are defined."""
        import_module("apps.appointments.permissions")
