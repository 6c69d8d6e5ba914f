"""App configuration of notices."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "apps.notices"
