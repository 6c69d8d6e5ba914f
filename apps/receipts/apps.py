"""App configuration of receipts."""

from django.apps import AppConfig


class ReceiptsConfig(AppConfig):
    name = "apps.receipts"
