"""migrate_schemas, followed by the privileges that the models declare."""

from typing import Any

from django.db import connection
from django_tenants.management.commands.migrate_schemas import MigrateSchemasCommand
from django_tenants.utils import get_public_schema_name

from apps.tenancy import privileges
from apps.tenancy.models import Shipper


class Command(MigrateSchemasCommand):
    help = (
        "Bring the network schema and every shipper's schema up to date, then grant what the models declare."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        with connection.cursor() as cursor:
            for schema in ("extensions",):
                cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
                cursor.execute(f"CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA {schema}")
        super().handle(*args, **options)
        if self.sync_public:
            privileges.grant_network()
        if self.sync_tenant and self.schema_name in (None, "", get_public_schema_name()):
            for schema_name in Shipper.objects.values_list("schema_name", flat=True):
                privileges.grant_schema(schema_name)
