"""What an export is about: its scope, which consignments that is on record, and what goes along with them.

Whatever the scope, its promise is the same: the whole history of each of its consignments, from the first
event to the last one in the log. Which consignments belong to it is what the record says, read when the
bundle is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, Func, JSONField, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from apps.accounts.actors import Actor, Side
from apps.accounts.permissions import require
from apps.custody import facts
from apps.custody.errors import ExportFailed
from apps.custody.models import ConsignmentSequence, CustodyEvent, SiteMark
from apps.custody.registers import mark
from apps.custody.spreadsheet import COLUMNS
from apps.facilities.models import Recipient, Site
from apps.tenancy.doorway import current_shipper

#: The reading copies that a bundle may hold beside the CSV, which it always holds.
COPIES = ("epcis", "ubl", "workbook", "dossier")


@dataclass(frozen=True)
class ExportScope:
    """What is asked for; of several conditions each has to hold. With none, the whole log.

    ``article`` is an article's name or GTIN, ``batch`` its batch: of a recall, the consignments with such an
    item. ``carrier`` is the name that a plan gave. ``first_day`` and ``last_day`` are days in UTC, both
    counted: consignments of which something was recorded then. ``received_only`` is set when the recipient
    asks itself: then goods that were ever under way to somebody else's site don't belong to it.
    """

    delivery_id: UUID | None = None
    consignments: tuple[str, ...] = ()
    recipient_id: UUID | None = None
    article: str = ""
    batch: str = ""
    carrier: str = ""
    first_day: date | None = None
    last_day: date | None = None
    received_only: bool = False

    @property
    def is_whole_log(self) -> bool:
        return not any(asdict(self).values())

    def fact(self) -> dict[str, Any]:
        """As JSON that `from_fact` reads."""
        told = {name: value for name, value in asdict(self).items() if value}
        return {
            name: list(value) if isinstance(value, tuple) else value if value is True else str(value)
            for name, value in told.items()
        }

    @classmethod
    def from_fact(cls, told: Mapping[str, Any]) -> ExportScope:
        values = dict(told)
        for name in ("delivery_id", "recipient_id"):
            if name in values:
                values[name] = UUID(values[name])
        for name in ("first_day", "last_day"):
            if name in values:
                values[name] = date.fromisoformat(values[name])
        return cls(**values | {"consignments": tuple(values.get("consignments", ()))})


@dataclass(frozen=True)
class ExportChoice:
    """What goes into a bundle beside the evidence: reading copies, and the workbook's columns."""

    copies: tuple[str, ...] = COPIES
    columns: tuple[str, ...] = field(default=COLUMNS)

    def fact(self) -> dict[str, list[str]]:
        return {"copies": list(self.copies), "columns": list(self.columns)}

    @classmethod
    def from_fact(cls, told: Mapping[str, Any]) -> ExportChoice:
        return cls(tuple(told.get("copies", COPIES)), tuple(told.get("columns", COLUMNS)))


class Details(Func):
    """The details of an event as jsonb, to look into; what was signed are the bytes."""

    template = "((convert_from(%(expressions)s, 'UTF8'))::jsonb -> 'details')"
    output_field = JSONField()


def numbers_in(scope: ExportScope) -> list[str]:
    """The consignments in scope, sorted; empty for the whole log and where the record knows none.

    Raises:
        ExportFailed: a consignment was named that the record does not know.
    """
    if scope.is_whole_log:
        return []
    places = places_in(scope)
    if scope.consignments and not scope.received_only:
        named = ConsignmentSequence.objects.filter(consignment__in=scope.consignments)
        known = set(named.values_list("consignment", flat=True))
        if unknown := sorted(set(scope.consignments) - known):
            raise ExportFailed(f"The custody record has no event of {', '.join(unknown)}.")
    return list(places.order_by("consignment").values_list("consignment", flat=True).distinct())


@dataclass(frozen=True)
class Proof:
    """What registers are asked to show that a scope is complete.

    Of each of ``conditions`` a consignment bears one mark. Where the scope is ``narrowed``, the registers
    don't show by what: a recipient would learn from them of goods that went to others.
    """

    conditions: tuple[tuple[str, ...], ...]
    first_day: date | None
    last_day: date | None
    narrowed: bool


def proof_of(scope: ExportScope) -> Proof:
    """Which marks prove that no other consignment belongs to ``scope``, once registers are closed."""
    conditions = list[list[str]]()
    if scope.recipient_id:
        sites = SiteMark.objects.filter(site_id__in=_sites_of(scope.recipient_id))
        conditions.append(sorted(set(sites.values_list("mark", flat=True))))
    others = [each for each in _marks_of_goods(scope) if each]
    if not scope.received_only:
        conditions += others
    days = bool(scope.first_day or scope.last_day)
    if not conditions and days:
        conditions.append([mark("any")])
    return Proof(
        tuple(map(tuple, conditions)), scope.first_day, scope.last_day, scope.received_only and bool(others)
    )


def _marks_of_goods(scope: ExportScope) -> Iterator[list[str]]:
    """Per condition on the goods themselves the marks of which a consignment bears one."""
    if scope.delivery_id:
        deliveries = CustodyEvent.objects.filter(delivery_id=scope.delivery_id).exclude(delivery="")
        yield [
            mark("delivery", number) for number in sorted(set(deliveries.values_list("delivery", flat=True)))
        ]
    yield [mark("consignment", number) for number in scope.consignments]
    batch = (scope.batch,) if scope.batch else ()
    if names := [name for name in (scope.article, facts.gs1_key("gtin", scope.article)) if name]:
        yield [mark("article", name, *batch) for name in sorted(set(names))]
    elif scope.batch:
        yield [mark("batch", scope.batch)]
    if scope.carrier:
        yield [mark("carrier", scope.carrier)]


def places_in(scope: ExportScope) -> QuerySet[ConsignmentSequence]:
    """The places that events have in the histories of the consignments in scope."""
    places = ConsignmentSequence.objects.all()
    if scope.consignments:
        places = places.filter(consignment__in=scope.consignments)
    for events in _conditions(scope):
        named = ConsignmentSequence.objects.filter(event__in=events.order_by().values("pk"))
        places = places.filter(consignment__in=named.values("consignment"))
    if scope.received_only:
        elsewhere = CustodyEvent.objects.filter(site_id__isnull=False).exclude(
            site_id__in=[
                *_sites_of(scope.recipient_id),
                *Site.objects.filter(shipper=current_shipper()).values_list("pk", flat=True),
            ]
        )
        named = ConsignmentSequence.objects.filter(event__in=elsewhere.order_by().values("pk"))
        places = places.exclude(consignment__in=named.values("consignment"))
    return places


def received_events(recipient_id: UUID) -> QuerySet[CustodyEvent]:
    """Every event of goods that only ever went to this recipient's sites, but none that names others' too."""
    received = places_in(ExportScope(recipient_id=recipient_id, received_only=True))
    others = ConsignmentSequence.objects.filter(event=OuterRef("pk")).exclude(
        consignment__in=received.values("consignment")
    )
    return CustodyEvent.objects.filter(pk__in=received.values("event")).exclude(Exists(others))


def require_export(actor: Actor, scope: ExportScope) -> None:
    """Refuse unless ``actor`` may take this away: a shipper's auditor anything of its log, a recipient's
    auditor what that recipient received.

    Raises:
        PermissionRefused: they may not.
    """
    if actor.side == Side.RECIPIENT and scope.received_only and scope.recipient_id:
        require(actor, "custody.export_received", scope.recipient_id)
    else:
        require(actor, "custody.export", current_shipper())


def deliveries_in(scope: ExportScope) -> QuerySet[CustodyEvent, UUID | None]:
    """The ids of the deliveries in which the consignments in scope rode, as a subquery."""
    events = CustodyEvent.objects.filter(pk__in=places_in(scope).values("event"))
    return events.exclude(delivery_id=None).order_by().values_list("delivery_id", flat=True)


def _conditions(scope: ExportScope) -> list[QuerySet[CustodyEvent]]:
    """Per condition the events whose consignments fulfil it."""
    events = CustodyEvent.objects.all()
    conditions = []
    if scope.delivery_id:
        conditions.append(events.filter(delivery_id=scope.delivery_id))
    if scope.recipient_id:
        conditions.append(events.filter(site_id__in=_sites_of(scope.recipient_id)))
    if scope.article or scope.batch:
        conditions.append(with_item(scope.article, scope.batch))
    if scope.carrier:
        planned = events.filter(type="planned").annotate(said=Details("canonical"))
        conditions.append(planned.filter(Q(("said__contains", {"carrier": scope.carrier}))))
    if scope.first_day or scope.last_day:
        conditions.append(events.filter(_recorded_between(scope.first_day, scope.last_day)))
    return conditions


def _sites_of(recipient_id: UUID | None) -> list[UUID]:
    """The recipient's sites that this shipper knows."""
    if recipient_id is None:
        return []
    return list(Site.objects.filter(recipient_id=recipient_id).values_list("pk", flat=True))


def with_item(article: str, batch: str) -> QuerySet[CustodyEvent]:
    """Creations of consignments with an item of this article (name or GTIN) and batch, if each is given."""
    created = CustodyEvent.objects.filter(type="consignment_created").annotate(said=Details("canonical"))
    lot = {"lot": batch} if batch else {}
    named = [{"article": article}] if article else [{}]
    if gtin := facts.gs1_key("gtin", article):
        named.append({"gtin": gtin})
    wanted = Q()
    for item in named:
        wanted |= Q(("said__contains", {"items": [item | lot]}))
    return created.filter(wanted)


def _recorded_between(first: date | None, last: date | None) -> Q:
    since = Q(recorded_at__gte=_midnight(first)) if first else Q()
    return since & (Q(recorded_at__lt=_midnight(last + timedelta(days=1))) if last else Q())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def asked_for(scope: ExportScope, delivery_number: str = "") -> list[tuple[str, str]]:
    """What was asked for, in pairs, as the manifest says it."""
    asked = [("delivery", delivery_number or str(scope.delivery_id))] if scope.delivery_id else []
    asked += [("consignment", number) for number in scope.consignments]
    if scope.recipient_id:
        name = Recipient.objects.filter(pk=scope.recipient_id).values_list("name", flat=True).first()
        asked.append(("recipient", name or str(scope.recipient_id)))
    for name in ("article", "batch", "carrier", "first_day", "last_day"):
        if value := getattr(scope, name):
            asked.append((name, str(value)))
    return asked


def in_words(scope: ExportScope, delivery_number: str = "") -> str:
    """The scope as people say it: “Batch B-7 · since 1 March”."""
    words = {
        "delivery": _("Delivery"),
        "consignment": _("Consignment"),
        "recipient": _("Recipient"),
        "article": _("Article"),
        "batch": _("Batch"),
        "carrier": _("Carrier"),
        "first_day": _("From"),
        "last_day": _("To"),
    }
    asked = asked_for(scope, delivery_number)
    return " · ".join(f"{words[name]} {value}" for name, value in asked) or _("The whole log")
