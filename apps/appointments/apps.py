"""App configuration of appointments."""

from importlib import import_module

from django.apps import AppConfig


class AppointmentsConfig(AppConfig):
    name = "apps.appointments"

    def ready(self) -> None:
        """Name the permissions and who writes the mails, for those who ask by name alone."""
        import_module("apps.appointments.permissions")
        import_module("apps.appointments.announcing")
