"""Waiting for one's turn: what is decided per shipper and day is decided by one at a time."""

from django.db import connection

from apps.tenancy.doorway import current_shipper


def one_at_a_time(about: str) -> None:
    """Others who ask for the same in this shipper's schema wait until this transaction ends."""
    key = f"{current_shipper().schema_name} routing {about}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
