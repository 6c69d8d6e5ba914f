"""App configuration of tenancy: loads every room's tasks, so that promised work finds its handler."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class TenancyConfig(AppConfig):
    name = "apps.tenancy"
    verbose_name = "Shippers"

    def ready(self) -> None:
        autodiscover_modules("tasks")
