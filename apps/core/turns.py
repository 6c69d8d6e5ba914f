"""Waiting for one's turn: what is decided in a schema by one transaction at a time."""

from django.db import connection


def one_at_a_time(about: str) -> None:
    """Others who ask for the same in this schema wait until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ' ' || %s, 0))", [about]
        )
