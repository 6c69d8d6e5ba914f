"""What a bundle would hold and open, counted before it is made."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Sum

from apps.custody.models import Checkpoint, CustodyEvent, Disclosure
from apps.custody.selectors import TimelineEntry, entries, events_of_consignments
from apps.custody.services.scoping import ExportScope, numbers_in, places_in
from apps.documents.models import Document

SAMPLE = 10
BYTES_PER_EVENT = 2_500  # canonical bytes, reading copies and proof together, as bundles turn out


@dataclass(frozen=True)
class Preview:
    """Counts as the log stands now; ``size`` in bytes, about. ``sample`` are the first events.

    ``opened`` counts the personal values that the bundle would open, by kind: ``name``, ``signature``,
    ``remark``.
    """

    events: int
    consignments: int
    documents: int
    size: int
    opened: dict[str, int]
    sample: list[TimelineEntry]


def preview_of(scope: ExportScope) -> Preview:
    """What a bundle of ``scope`` would hold; called in the shipper's schema by whoever checked who asks.

    Raises:
        ExportFailed: as `numbers_in`.
    """
    events, documents = CustodyEvent.objects.all(), Document.objects.all()
    numbers = numbers_in(scope)
    disclosures = Disclosure.objects.all()
    if not scope.is_whole_log:
        events = events_of_consignments(numbers)
        documents = documents.filter(
            delivery_id__in=events.order_by().exclude(delivery_id=None).values("delivery_id")
        )
        disclosures = disclosures.filter(event__in=events.order_by().values("pk"))
    count = events.count()
    papers = documents.aggregate(size=Sum("size"))["size"] or 0
    first = list(events.order_by("ordinal").values_list("pk", flat=True)[:SAMPLE])
    return Preview(
        events=count,
        consignments=len(numbers)
        if not scope.is_whole_log
        else places_in(scope).order_by().values("consignment").distinct().count(),
        documents=documents.count(),
        size=count * BYTES_PER_EVENT + papers,
        opened=dict(Counter(kind_of(path) for path in disclosures.values_list("path", flat=True).iterator())),
        sample=entries(CustodyEvent.objects.filter(pk__in=first)),
    )


def kind_of(path: str) -> str:
    """What the personal value at this JSON pointer is."""
    field = path.rsplit("/", 1)[-1]
    return {"name": "name", "driver": "name", "role": "name", "stroke": "signature"}.get(field, "remark")


def signed_sizes() -> list[int]:
    """The newest sizes at which this log was signed: checkpoints that somebody may have kept."""
    return list(Checkpoint.objects.order_by("-size").values_list("size", flat=True)[:10])
