"""Which drivers the vehicles of an own fleet can have on a day, and what hours that leaves them.

A contracted carrier's drivers are its own matter: it names one when it accepts. Of its own drivers a shipper
knows shifts, absences and licences, so that no vehicle is planned for which nobody works.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

from apps.carriers.models import Carrier, Driver, Vehicle
from apps.carriers.selectors import may_drive, shift_on, usable_on
from apps.routing.engine.pairing import pair
from apps.routing.wording import counted, listed

WHOLE = (time.min, time.max)


@dataclass(frozen=True)
class Hours:
    """From when until when a vehicle may be out, and for how many minutes at most; None: no such limit."""

    starts: time
    ends: time
    longest: int | None

    @property
    def minutes(self) -> int:
        """How long it can be out, in whole minutes; 0 where there is no time at all."""
        span = _minutes(self.ends) - _minutes(self.starts)
        return max(0, span if self.longest is None else min(span, self.longest))


@dataclass(frozen=True)
class Crews:
    """``hours`` of each vehicle that can have a driver, by key; how many drivers there are; why others can't.

    ``drivers`` is None where they bound nothing.
    """

    hours: dict[UUID, Hours]
    drivers: int | None = None
    notes: tuple[str, ...] = ()


def crews(carrier: Carrier, vehicles: Sequence[Vehicle], day: date, taken: Collection[UUID]) -> Crews:
    """The hours of ``vehicles`` with the drivers that the carrier has on ``day``; no query.

    ``carrier`` comes with its facts (``carriers_with_facts``); ``taken`` are drivers who drive elsewhere.
    Where every driver can take every vehicle for all of its hours, only their number counts. Else each
    vehicle gets a driver so that together they can be out the longest.
    """
    alone = {one.pk: hours_of(one) for one in vehicles}
    known = [driver for driver in carrier.drivers.all() if driver.active]
    if not carrier.own_fleet or not known:
        return Crews(alone)
    away = [driver for driver in known if driver.pk in taken or usable_on(driver, day)]
    able = [driver for driver in known if driver not in away]
    together = [[_together(one, driver, day) for driver in able] for one in vehicles]
    if all(hours == alone[one.pk] for one, row in zip(vehicles, together, strict=True) for hours in row):
        scarce = len(able) < len(vehicles)
        notes = [_few(carrier, able, away, taken, day)] if scarce else []
        return Crews(alone if able else {}, len(able) if scarce else None, tuple(notes))
    worth = [[0 if hours is None else hours.minutes for hours in row] for row in together]
    pairs = pair(worth)
    found: dict[UUID, Hours] = {}
    notes = []
    for row, vehicle in enumerate(vehicles):
        hours = together[row][pairs[row]] if row in pairs else None
        if hours is None:
            notes.append(_nobody(vehicle, known, taken, day))
            continue
        found[vehicle.pk] = hours
        if hours != alone[vehicle.pk]:
            notes.append(_in_words(vehicle, able[pairs[row]], hours))
    return Crews(found, None, tuple(notes))


def hours_of(vehicle: Vehicle) -> Hours:
    """What is entered for the vehicle itself."""
    return Hours(vehicle.shift_start, vehicle.shift_end, vehicle.longest_route_minutes)


def _together(vehicle: Vehicle, driver: Driver, day: date) -> Hours | None:
    """When the driver can be out with the vehicle; None when never."""
    if may_drive(driver, vehicle, day):
        return None
    alone, (starts, ends) = hours_of(vehicle), shift_on(driver, day) or WHOLE
    bounds = [one for one in (alone.longest, driver.longest_duty_minutes) if one is not None]
    hours = Hours(max(alone.starts, starts), min(alone.ends, ends), min(bounds, default=None))
    return hours if hours.minutes else None


def _few(
    carrier: Carrier, able: Sequence[Driver], away: Sequence[Driver], taken: Collection[UUID], day: date
) -> str:
    why = " ".join(_why(driver, taken, day) for driver in away)
    has = f"{carrier.name} has {counted(len(able), 'driver')} on this day, so at most as many routes."
    return f"{has} {why}".strip()


def _nobody(vehicle: Vehicle, known: Sequence[Driver], taken: Collection[UUID], day: date) -> str:
    why = [
        reason
        for driver in known
        for reason in (
            [_why(driver, taken, day)] if _why(driver, taken, day) else may_drive(driver, vehicle, day)
        )
    ]
    said = f"{vehicle.plate} of {vehicle.carrier.name} stays out: no driver is left for it."
    return " ".join([said, *why])


def _why(driver: Driver, taken: Collection[UUID], day: date) -> str:
    if driver.pk in taken:
        return f"{driver.name} drives for another site on this day."
    return " ".join(usable_on(driver, day))


def _in_words(vehicle: Vehicle, driver: Driver, hours: Hours) -> str:
    parts = [f"from {hours.starts:%H:%M} to {hours.ends:%H:%M}"]
    if hours.longest is not None:
        parts.append(f"for at most {hours.longest // 60} h {hours.longest % 60:02d} min")
    return f"{vehicle.plate} is planned {listed(parts)}, as {driver.name} works."


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute + (1 if clock == time.max else 0)
