"""App configuration of appointments."""

from django.apps import AppConfig


class AppointmentsConfig(AppConfig):
    name = "apps.appointments"
