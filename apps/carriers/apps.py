"""App configuration of carriers."""

from django.apps import AppConfig


class CarriersConfig(AppConfig):
    name = "apps.carriers"
    verbose_name = "Fleet"
