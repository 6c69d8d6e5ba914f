"""Django's connection as what it is here: one that knows which schema and role it works in."""

from typing import TYPE_CHECKING, cast

from django.db import connection as django_connection

if TYPE_CHECKING:
    from apps.tenancy.postgresql.base import DatabaseWrapper  # loads models, so not before they are ready

connection = cast("DatabaseWrapper", django_connection)
