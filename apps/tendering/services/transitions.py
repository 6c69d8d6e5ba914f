"""The only writers of a tender's and a search's state, and the row lock that every step takes first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.errors import IllegalTransition
from apps.tendering.errors import UnknownTender
from apps.tendering.models import Tender, TenderEvent, Tendering
from apps.tendering.states import SEARCH_TRANSITIONS, TRANSITIONS, Channel, SearchState, State


@dataclass(frozen=True)
class By:
    """Who did something, as the record names them, and by which way."""

    name: str
    channel: Channel


DOCKSIDE = By("Dockside", Channel.SYSTEM)


def lock_search(tendering_id: UUID) -> Tendering:
    """A search with its route and plan, locked until the transaction ends: the first lock of every step.

    Raises:
        UnknownTender: there is none with that id in this schema.
    """
    rows = Tendering.objects.select_for_update(of=("self",)).select_related(
        "route__plan__site", "route__carrier", "route__vehicle", "route__driver"
    )
    tendering = rows.filter(pk=tendering_id).order_by().first()
    if tendering is None:
        raise UnknownTender("There is no such search for a carrier.")
    return tendering


def lock_tender(tender_id: UUID) -> Tender:
    """A tender whose search is locked.

    Raises:
        UnknownTender: there is none with that id in this schema.
    """
    tendering_id = Tender.objects.filter(pk=tender_id).values_list("tendering_id", flat=True).first()
    if tendering_id is None:
        raise UnknownTender("There is no such tender.")
    tendering = lock_search(tendering_id)
    tender = Tender.objects.select_related("carrier", "vehicle", "driver").get(pk=tender_id)
    tender.tendering = tendering
    return tender


def begin(tendering: Tendering, *, by: By, at: datetime, note: str = "") -> None:
    """Write the first row of a search's history; it was inserted as open."""
    _record(tendering, None, "", str(tendering.state), by, at, "", note)


def move_tender(
    tender: Tender, to: State, *, by: By, at: datetime, reason_code: str = "", note: str = "", **facts: Any
) -> None:
    """Move a tender of a locked search to ``to`` with ``facts``, a new version and a row of history.

    Raises:
        IllegalTransition: the table has no such step.
    """
    before = State(tender.state)
    if to not in TRANSITIONS[before]:
        raise IllegalTransition(
            f"This tender is {before.label.lower()}; it can't be {to.label.lower()}.", state=tender.state
        )
    if reason_code:
        facts["reason_code"] = reason_code
    if note:
        facts["note"] = note[:300]
    changes = {**facts, "state": to, "version": tender.version + 1}
    for name, value in changes.items():
        setattr(tender, name, value)
    tender.save(update_fields=list(changes))
    _record(tender.tendering, tender, before, to, by, at, reason_code, note)


def move_search(tendering: Tendering, to: SearchState, *, by: By, at: datetime, note: str = "") -> None:
    """Move a locked search to ``to``, with a row of history.

    Raises:
        IllegalTransition: the table has no such step.
    """
    before = SearchState(tendering.state)
    if to not in SEARCH_TRANSITIONS[before]:
        raise IllegalTransition(f"This search is over: {before.label.lower()}.", state=tendering.state)
    tendering.state = to
    tendering.save(update_fields=["state"])
    _record(tendering, None, before, to, by, at, "", note)


def _record(
    tendering: Tendering,
    tender: Tender | None,
    before: str,
    after: str,
    by: By,
    at: datetime,
    reason_code: str,
    note: str,
) -> None:
    TenderEvent.objects.create(
        tendering=tendering,
        tender=tender,
        from_state=before,
        to_state=after,
        actor_name=by.name[:200],
        channel=by.channel,
        reason_code=reason_code,
        note=note[:500],
        at=at,
    )
