"""One worker at a time looks at a shipper's exceptions."""

from django.db import connection

_LOCK = "insights watch"


def one_at_a_time() -> None:
    """Wait until no other transaction in this schema looks or escalates; held until this one ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s || current_schema(), 0))", [_LOCK])
