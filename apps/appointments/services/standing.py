"""Negotiating a series once: proposed, answered with other terms, agreed, changed, ended; one day skipped."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Q

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.appointments.announcing_series import announce_series
from apps.appointments.load import Load
from apps.appointments.models import DockOccupancy, StandingAppointment, StandingEvent, StandingVisit
from apps.appointments.models.loads import facts
from apps.appointments.recurrence import weekly
from apps.appointments.search import local_day
from apps.appointments.services.errors import AppointmentNotFound, NotYourTurn
from apps.appointments.services.partners import require_partnership
from apps.appointments.states import StandingState, VisitState
from apps.core.errors import DomainError, IllegalTransition
from apps.facilities.models import Dock, Site
from apps.tenancy import doorway


class SeriesRefused(DomainError):
    """The terms of a series make no sense; ``field`` in the details says which."""

    code = "series-refused"
    status = 422


@dataclass(frozen=True)
class Terms:
    """When a series comes: ISO weekdays, every how many weeks, the site's clock, from when until when."""

    weekdays: tuple[int, ...]
    every: int
    starts: time
    first_day: date
    last_day: date | None = None
    dock: Dock | None = None


@transaction.atomic
def propose_standing(
    *,
    actor: Actor,
    site: Site,
    shipper_id: UUID,
    terms: Terms,
    load: Load,
    now: datetime,
    message: str = "",
    replaces: StandingAppointment | None = None,
) -> StandingAppointment:
    """Propose a series to the other side; with ``replaces`` other terms for an agreed one, which stands.

    Raises:
        PermissionRefused, NoPartnership
        SeriesRefused: no weekday, a day that is over, an end before the start, a dock of another site.
        IllegalTransition: what is to be replaced isn't agreed, or a change of it is proposed already.
    """
    series = StandingAppointment(
        site=site,
        shipper_id=shipper_id,
        must_act=str(actor.side.other),
        replaces=replaces,
        **_columns(site, terms, now),
        **facts(load),
    )
    require(actor, "appointments.standing", series)
    require_partnership(shipper_id, site)
    if replaces is not None:
        if _locked(replaces.pk).state != StandingState.AGREED:
            raise IllegalTransition("Only an agreed series is changed.", state=replaces.state)
        if (replaces.site_id, replaces.shipper_id) != (site.pk, shipper_id):
            raise AppointmentNotFound("There is no such series.")
    try:
        with transaction.atomic():
            series.save(force_insert=True)
    except IntegrityError as error:
        if "standing_one_change_at_a_time" not in str(error):
            raise
        raise IllegalTransition("A change of this series is proposed already; answer that.") from error
    note(series, "proposed", actor, now, message)
    return series


@transaction.atomic
def counter_standing(
    *, actor: Actor, standing_id: UUID, terms: Terms, now: datetime, message: str = ""
) -> StandingAppointment:
    """Answer a proposed series with other terms; the load stays.

    Raises:
        AppointmentNotFound, PermissionRefused, SeriesRefused
        IllegalTransition: it is not open any more.
        NotYourTurn: the other side answers first.
    """
    series = _to_answer(actor, standing_id)
    for name, value in _columns(series.site, terms, now).items():
        setattr(series, name, value)
    series.must_act = str(actor.side.other)
    series.save()
    note(series, "countered", actor, now, message)
    return series


@transaction.atomic
def accept_standing(*, actor: Actor, standing_id: UUID, now: datetime) -> StandingAppointment:
    """Agree to a series; what it replaces ends, and the days kept for that are free again.

    Raises:
        AppointmentNotFound, PermissionRefused, IllegalTransition, NotYourTurn: as ``counter_standing``.
    """
    series = _to_answer(actor, standing_id)
    _set(series, StandingState.AGREED)
    note(series, "agreed", actor, now)
    if series.replaces_id is not None:
        _end(_locked(series.replaces_id), actor, now, "replaced")
    return series


@transaction.atomic
def decline_standing(
    *, actor: Actor, standing_id: UUID, now: datetime, message: str = ""
) -> StandingAppointment:
    """Decline a proposed series; an agreed one that it was to change stands.

    Raises:
        AppointmentNotFound, PermissionRefused, IllegalTransition, NotYourTurn: as ``counter_standing``.
    """
    series = _to_answer(actor, standing_id)
    _set(series, StandingState.DECLINED)
    note(series, "declined", actor, now, message)
    return series


@transaction.atomic
def end_standing(*, actor: Actor, standing_id: UUID, now: datetime, message: str = "") -> StandingAppointment:
    """End an agreed series, or take an own proposal back; days that no delivery has yet are free again.

    Raises:
        AppointmentNotFound, PermissionRefused
        IllegalTransition: it has ended or was declined.
        NotYourTurn: the proposal is the other side's; that is declined.
    """
    series = _locked(standing_id)
    require(actor, "appointments.standing", series)
    if series.state not in (StandingState.OFFERED, StandingState.AGREED):
        raise IllegalTransition(f"This series is {series.get_state_display().lower()} already.")
    if series.state == StandingState.OFFERED and series.must_act == actor.side:
        raise NotYourTurn("The other side proposed it; decline it instead.", must_act=series.must_act)
    _end(series, actor, now, "ended", message)
    return series


@transaction.atomic
def skip_visit(*, actor: Actor, visit_id: UUID, now: datetime, message: str = "") -> StandingVisit:
    """Leave one day out; its dock time is free again. A delivery that has it is cancelled or moved instead.

    Raises:
        AppointmentNotFound, PermissionRefused
        IllegalTransition: nothing is kept on that day.
    """
    found = StandingVisit.objects.filter(pk=visit_id).values_list("standing_id", flat=True).first()
    if found is None:
        raise AppointmentNotFound("There is no such day.")
    series = _locked(found)
    require(actor, "appointments.standing", series)
    visit = StandingVisit.objects.get(pk=visit_id)
    if visit.state != VisitState.KEPT:
        raise IllegalTransition(f"That day is {visit.get_state_display().lower()}.", state=visit.state)
    give_up([visit], VisitState.SKIPPED, f"{actor.name}: {message}" if message else actor.name)
    note(series, "skipped", actor, now, f"{visit.day:%d %B}. {message}".strip())
    return visit


def give_up(visits: Iterable[StandingVisit], state: VisitState, reason: str) -> None:
    """Free what is kept for these days; blocks are the site's, so the network's role removes them."""
    for visit in visits:
        kept = visit.occupancy_id
        visit.state, visit.reason, visit.occupancy_id = state, reason, None
        visit.save(update_fields=["state", "reason", "occupancy"])
        with doorway.network():
            DockOccupancy.objects.filter(Q(pk=kept), kind=DockOccupancy.Kind.BLOCK).delete()


def note(series: StandingAppointment, step: str, actor: Actor, now: datetime, message: str = "") -> None:
    """Write one row of the history of a series and promise to tell whom it concerns."""
    StandingEvent.objects.create(
        standing=series, step=step, side=str(actor.side), actor_name=actor.name, at=now, message=message
    )
    announce_series(series, step, actor.side, actor.name, message)


def _columns(site: Site, terms: Terms, now: datetime) -> dict[str, object]:
    today = local_day(now, ZoneInfo(site.time_zone))
    try:
        rule = weekly(terms.weekdays, terms.every)
    except ValueError as error:
        raise SeriesRefused(f"{error}.".capitalize(), field="weekdays") from error
    if terms.first_day < today:
        raise SeriesRefused("The first day is over.", field="first_day")
    if terms.last_day is not None and terms.last_day < terms.first_day:
        raise SeriesRefused("The last day is before the first.", field="last_day")
    if terms.dock is not None and terms.dock.site_id != site.pk:
        raise SeriesRefused(f"{site.name} has no such dock.", field="dock")
    return {
        "rule": rule,
        "starts": terms.starts,
        "first_day": terms.first_day,
        "last_day": terms.last_day,
        "dock": terms.dock,
    }


def _locked(standing_id: UUID) -> StandingAppointment:
    series = StandingAppointment.objects.select_for_update(of=("self",)).select_related("site")
    found = series.filter(pk=standing_id).order_by().first()
    if found is None:
        raise AppointmentNotFound("There is no such series.")
    return found


def _to_answer(actor: Actor, standing_id: UUID) -> StandingAppointment:
    series = _locked(standing_id)
    require(actor, "appointments.standing", series)
    if series.state != StandingState.OFFERED:
        raise IllegalTransition(f"This series is {series.get_state_display().lower()} already.")
    if series.must_act != actor.side:
        raise NotYourTurn(f"The {series.must_act} has to answer first.", must_act=series.must_act)
    return series


def _set(series: StandingAppointment, state: StandingState) -> None:
    series.state, series.must_act = state, ""
    series.save(update_fields=["state", "must_act"])


def _end(series: StandingAppointment, actor: Actor, now: datetime, step: str, message: str = "") -> None:
    _set(series, StandingState.ENDED)
    give_up(series.visits.filter(state=VisitState.KEPT), VisitState.SKIPPED, "")
    note(series, step, actor, now, message)
