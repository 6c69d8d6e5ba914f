"""App configuration of tendering."""

from django.apps import AppConfig


class TenderingConfig(AppConfig):
    name = "apps.tendering"
