"""App configuration of accounts: loads every room's permissions, so that each rule has its predicate."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    verbose_name = "People"

    def ready(self) -> None:
        autodiscover_modules("permissions")
