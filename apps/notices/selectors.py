"""Shared reads of notices: somebody's inbox at this host, what is unread, and what they want to hear of."""

from dataclasses import dataclass

from django.db.models import QuerySet

from apps.accounts.actors import Actor, Side
from apps.accounts.models import Role
from apps.notices.kinds import QUIET, Kind
from apps.notices.models import CalendarFeed, Notice, Preference

_AT_DESK = frozenset(Kind) - {Kind.SITE}
_AT_HUB = frozenset(Kind) - {Kind.TENDER, Kind.PLAN}


def notices_for(actor: Actor | None) -> QuerySet[Notice]:
    """What the person was told in the portal at this host, the newest first."""
    if not actor or actor.person_id is None:
        return Notice.objects.none()
    mine = Notice.objects.filter(person_id=actor.person_id, in_portal=True)
    if actor.side == Side.SHIPPER and actor.shipper_id:
        return mine.filter(shipper_id=actor.shipper_id)
    return mine.filter(recipient_id__in=actor.recipient_ids)


def unread(actor: Actor | None) -> QuerySet[Notice]:
    return notices_for(actor).filter(read_at=None)


@dataclass(frozen=True)
class Wish:
    """How the person hears of one kind."""

    kind: Kind
    in_portal: bool
    by_mail: bool


def wishes_of(actor: Actor) -> list[Wish]:
    """Each kind that there can be notices of at this host, as chosen or by default."""
    rows = Preference.objects.filter(person_id=actor.person_id) if actor.person_id else ()
    chosen = {row.kind: row for row in rows}
    here = _AT_DESK if actor.side == Side.SHIPPER else _AT_HUB
    return [
        Wish(kind, row.in_portal, row.by_mail)
        if (row := chosen.get(kind))
        else Wish(kind, True, kind not in QUIET)
        for kind in Kind
        if kind in here
    ]


def feeds_of(actor: Actor | None) -> QuerySet[CalendarFeed]:
    """The live calendar feeds of the actor's organisations here, for those who may make them."""
    live = CalendarFeed.objects.filter(revoked_at=None)
    if not actor:
        return live.none()
    if actor.side == Side.SHIPPER and actor.shipper_id:
        planners = {Role.PLANNER, Role.SHIPPER_ADMIN}
        return live.filter(shipper_id=actor.shipper_id) if actor.roles & planners else live.none()
    managed = [
        at for at, role in actor.recipient_roles if role in (Role.RECEIVING_MANAGER, Role.DOCK_OPERATOR)
    ]
    return live.filter(recipient_id__in=managed)
