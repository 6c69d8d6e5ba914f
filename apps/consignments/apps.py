"""App configuration of consignments."""

from django.apps import AppConfig


class ConsignmentsConfig(AppConfig):
    name = "apps.consignments"
