"""App configuration of driving."""

from django.apps import AppConfig


class DrivingConfig(AppConfig):
    name = "apps.driving"
