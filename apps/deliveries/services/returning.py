"""Goods that came back: noted as they are at a site of the shipper's own again, and decided about once.

Until somebody has looked at them they are in nobody's stock. A planner then says of each order line how many
are put back to stock, at which site, and how many are written off and why; or has them brought again, which
leaves nothing to decide. It is the shipper's own business and no part of the custody record: who has the
goods does not change by it.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.consignments.models import ConsignmentItem, HandlingUnit
from apps.consignments.services import put_back_to_stock
from apps.deliveries.errors import ReturnRefused
from apps.deliveries.models import Delivery, Discrepancy, ReturnedLine
from apps.deliveries.returned import undecided
from apps.deliveries.selectors import delivery_by_id
from apps.deliveries.services.transitions import lock
from apps.deliveries.statement import TURNED_AWAY, Goods, UnitFinding
from apps.facilities.models import Site
from apps.tenancy.doorway import current_shipper

Kind = Discrepancy.Kind
Reason = ReturnedLine.Reason


@dataclass(frozen=True)
class Decision:
    """What becomes of a returned line, in its unit; ``reason`` and ``note`` are of what is written off."""

    line_id: UUID
    put_back: Decimal
    written_off: Decimal
    site_id: UUID | None = None
    reason: str = ""
    note: str = ""


@dataclass(frozen=True)
class Decided:
    """The lines as decided, and those of them for which no figure rose: none is kept at that site."""

    lines: tuple[ReturnedLine, ...]
    uncounted: tuple[ReturnedLine, ...]


def note_returned(
    delivery: Delivery, findings: Sequence[UnitFinding], goods: Goods, *, now: datetime
) -> None:
    """After a handover, note what of it is at a site of the shipper's own again and waits to be looked at.

    Of a leg back it is what came; of a pickup what was turned away, which stays where it stood. Of what is
    counted by the line it is what was turned away, wherever: no leg brings that back, for a leg carries
    handling units.
    """
    turned = [each for each in findings if each.kind in TURNED_AWAY]
    counted: dict[UUID, Decimal] = {}
    if delivery.leg == Delivery.Leg.BACK:
        units, site = _came(findings, goods), delivery.site
    elif delivery.leg:
        return
    else:
        is_here = delivery.format == Delivery.Format.PICKUP
        units = [goods.units[each.sscc] for each in turned if is_here and each.sscc in goods.units]
        site = delivery.origin
        counted = defaultdict(Decimal)
        for each in turned:
            if each.item in goods.items and each.quantity is not None:
                counted[goods.items[each.item].pk] += each.quantity
    lines = {key: _Line(quantity, (), True) for key, quantity in counted.items()} | _lines_of(units)
    left = _left_of(lines)
    for key, line in lines.items():
        if left[key] > 0:
            ReturnedLine.objects.create(
                delivery=delivery,
                item_id=key,
                site=site,
                ssccs=list(line.ssccs),
                quantity=min(line.quantity, left[key]),
                is_counted=line.is_counted and line.quantity <= left[key],
                at=now,
            )


@transaction.atomic
def decide_returned(
    *, actor: Actor, delivery_id: UUID, decisions: Collection[Decision], now: datetime
) -> Decided:
    """Put back to stock and write off what came back with a delivery, each line once; all or none of these.

    Of a line that was counted, all of it is decided; of another no more than may have come: what is neither
    put back nor written off was not among it. Stock rises where a figure is kept.

    Raises:
        PermissionRefused: only the shipper's planners may.
        UnknownDelivery: there is none with that id in this schema.
        ReturnRefused: nothing is decided; a line was decided meanwhile or is brought again, more or less than
            came, a site that is none of the shipper's, or no reason.
    """
    require(actor, "deliveries.plan")
    root = delivery_by_id(delivery_id).leg_for_id
    if root is not None:
        lock(root)  # what brings goods again is made under this one's lock
    delivery = lock(delivery_id)
    if not decisions:
        raise ReturnRefused("Say of at least one line what becomes of it.")
    wanted = {each.line_id: each for each in decisions}
    rows = undecided().filter(delivery=delivery, pk__in=wanted).select_for_update(of=("self",)).order_by("pk")
    lines = list(rows)
    if len(lines) < len(wanted):
        raise ReturnRefused(
            f"Some of what came back with {delivery.number} was decided meanwhile or is brought again. "
            "Nothing was changed; look at what is left."
        )
    left = _left_of({line.item_id for line in lines})
    sites = {one.pk: one for one in own_sites()}
    back: defaultdict[UUID, defaultdict[tuple[str, str], Decimal]]
    back = defaultdict(lambda: defaultdict(Decimal))
    for line in lines:
        _decide(line, wanted[line.pk], min(line.quantity, left[line.item_id]), sites, actor, now)
        if line.put_back and line.stocked_at_id:
            back[line.stocked_at_id][line.item.gtin, line.item.article] += line.put_back
    uncounted = put_back_to_stock(back)
    return Decided(
        lines=tuple(lines),
        uncounted=tuple(
            line
            for line in lines
            if line.stocked_at_id and (line.stocked_at_id, line.item.gtin, line.item.article) in uncounted
        ),
    )


def own_sites() -> list[Site]:
    """The shipper's own sites in use, by name."""
    return list(Site.objects.filter(shipper_id=current_shipper().pk, active=True).order_by("name"))


def _came(findings: Sequence[UnitFinding], goods: Goods) -> list[HandlingUnit]:
    """The units that a leg brought: those of it that are not short, and others of the shipper's."""
    short = {each.sscc for each in findings if each.kind == Kind.SHORT}
    over = [each.sscc for each in findings if each.kind == Kind.OVER and each.sscc]
    came = [unit for sscc, unit in goods.units.items() if sscc not in short]
    return came + (list(HandlingUnit.objects.filter(sscc__in=over)) if over else [])


@dataclass(frozen=True)
class _Line:
    """How much of an order line came at most, on which handling units, and whether exactly so much."""

    quantity: Decimal
    ssccs: tuple[str, ...]
    is_counted: bool


def _lines_of(units: Sequence[HandlingUnit]) -> dict[UUID, _Line]:
    """The order lines that may stand on these units, by id; exactly known where consignments came whole."""
    by_consignment: defaultdict[UUID, list[str]] = defaultdict(list)
    for unit in units:
        by_consignment[unit.consignment_id].append(unit.sscc)
    packed: defaultdict[UUID, int] = defaultdict(int)
    for key in HandlingUnit.objects.filter(consignment__in=by_consignment).values_list(
        "consignment_id", flat=True
    ):
        packed[key] += 1
    items = ConsignmentItem.objects.filter(consignment__in=by_consignment)
    return {
        item.pk: _Line(
            item.quantity,
            tuple(sorted(by_consignment[item.consignment_id])),
            len(by_consignment[item.consignment_id]) == packed[item.consignment_id],
        )
        for item in items
    }


def _left_of(item_ids: Collection[UUID]) -> dict[UUID, Decimal]:
    """How much of each order line nobody decided about yet, whatever it came with; the lines stay locked."""
    rows = ConsignmentItem.objects.select_for_update().filter(pk__in=list(item_ids)).order_by("pk")
    left = dict(rows.values_list("pk", "quantity"))
    decided = ReturnedLine.objects.filter(item__in=left, decided_at__isnull=False)
    for key, put_back, written_off in decided.values_list("item_id", "put_back", "written_off"):
        left[key] -= (put_back or 0) + (written_off or 0)
    return left


def _decide(
    line: ReturnedLine,
    decision: Decision,
    most: Decimal,
    sites: Mapping[UUID, Site],
    actor: Actor,
    now: datetime,
) -> None:
    """Write a decision on its line, of which there can be no more than ``most``.

    Raises:
        ReturnRefused: it does not go with what came.
    """
    article, said = line.item.article, decision.put_back + decision.written_off
    came = f"{most.normalize():f} {line.item.unit}"
    if decision.put_back < 0 or decision.written_off < 0:
        raise ReturnRefused(f"{article}: there can't be less than nothing of it.")
    if said > most:
        raise ReturnRefused(f"{article}: no more than {came} can have come back.")
    if line.is_counted and said != most:
        raise ReturnRefused(
            f"{article}: {came} came back; say of all of it what becomes of it. What is not there is written "
            "off with that as the reason."
        )
    if decision.put_back and decision.site_id not in sites:
        raise ReturnRefused(f"{article}: choose the site of your own at which it is put back.")
    if decision.written_off and decision.reason not in Reason.values:
        raise ReturnRefused(f"{article}: say why some of it is written off.")
    if decision.reason == Reason.OTHER and not decision.note.strip():
        raise ReturnRefused(f"{article}: write a note that says why some of it is written off.")
    line.put_back, line.written_off = decision.put_back, decision.written_off
    line.stocked_at = sites[decision.site_id] if decision.put_back and decision.site_id else None
    line.reason = decision.reason if decision.written_off else ""
    line.note = decision.note.strip()[:300]
    line.decided_by, line.decided_at = actor.name, now
    line.save(
        update_fields=["put_back", "written_off", "stocked_at", "reason", "note", "decided_by", "decided_at"]
    )
