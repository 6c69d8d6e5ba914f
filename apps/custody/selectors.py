"""Shared reads of a shipper's custody log. Called in the shipper's schema."""

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from apps.custody.models import Checkpoint, CustodyEvent, LogKey, LogLeaf
from apps.tenancy.models import Shipper


def log_origin(shipper: Shipper) -> str:
    """The name of a shipper's log, in every event, checkpoint and key of it."""
    return f"{settings.NETWORK_HOST}/{shipper.slug}"


def latest_checkpoint() -> Checkpoint | None:
    """The newest signed tree head; None while nothing is in the log."""
    return Checkpoint.objects.order_by("-size").first()


def verifier_key() -> str | None:
    """The key that checkpoints are checked with, as auditors pin it; None while nothing is in the log."""
    return LogKey.objects.order_by("-id").values_list("vkey", flat=True).first()


def unsequenced(since: int = 0) -> QuerySet[CustodyEvent]:
    """Committed events that are not in the log, written by transaction ``since`` or a later one, in order.

    An anti-join: "after the last one" would lose events whose transactions commit late.
    """
    in_log = LogLeaf.objects.filter(event_id=OuterRef("pk"))
    return CustodyEvent.objects.filter(~Exists(in_log), xid__gte=since).order_by("ordinal")


def settled_transaction() -> int:
    """The oldest transaction that still runs: what those before it committed is visible from now on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


def search_from(last: Checkpoint | None, settled: int) -> int:
    """The transaction from which `unsequenced` has to look.

    Transaction numbers start again in a database that was restored elsewhere: then look everywhere.
    """
    return last.settled if last and last.settled <= settled else 0
