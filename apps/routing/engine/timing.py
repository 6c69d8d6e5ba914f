"""When a vehicle does what on one sequence of visits: exact, with the driver's breaks, in the shortest time.

Without a break the answer is a formula: drive as early as possible to learn the earliest end, then leave as
late as that end allows; where a stop has several openings, every departure at which the answer may change is
tried. With breaks CP-SAT decides where they go. A break may be anywhere along a leg, so also at a stop before
or after unloading; a break taken while the vehicle would wait anyway costs nothing. Waiting and unloading are
no breaks.
"""

from __future__ import annotations

from apps.routing.engine.breaks import breaks_when_due, breaks_while_waiting, place_breaks
from apps.routing.engine.frame import Frame, Opening, Pause, Timing
from apps.routing.engine.result import Activity, Segment
from apps.routing.engine.rules import Rule

__all__ = [
    "Frame",
    "Opening",
    "Pause",
    "Timing",
    "latest_departure",
    "quick_timing",
    "segments",
    "time_route",
    "time_with",
]


def time_route(frame: Frame) -> Timing | Rule:
    """The shortest timing, the earliest among equals; or the rule on which the route fails.

    The rule is ``DAILY_DRIVING``, ``WINDOW`` (windows, shift or depot hours), ``DUTY`` or ``BREAK``.
    """
    driven = sum(frame.legs)
    if driven > frame.driving.per_day:
        return Rule.DAILY_DRIVING
    without = time_with(frame, ())
    if isinstance(without, Rule) or driven <= frame.driving.before_break:
        return without
    if not frame.openings and frame.departed is None:
        free = time_with(frame, breaks_while_waiting(frame, without))
        if isinstance(free, Timing) and free.pauses and free.end - free.start == without.end - without.start:
            return free
    pauses = place_breaks(frame)
    return Rule.BREAK if pauses is None else time_with(frame, pauses)


def quick_timing(frame: Frame) -> Timing | Rule:
    """A timing with breaks found without a search: never shorter than ``time_route``'s, and a rule is no
    proof."""
    if sum(frame.legs) > frame.driving.per_day:
        return Rule.DAILY_DRIVING
    without = time_with(frame, ())
    if isinstance(without, Rule) or sum(frame.legs) <= frame.driving.before_break:
        return without
    free = breaks_while_waiting(frame, without)
    answer = time_with(frame, free or breaks_when_due(frame))
    return Rule.BREAK if isinstance(answer, Rule) else answer


def time_with(frame: Frame, pauses: tuple[Pause, ...]) -> Timing | Rule:
    """The shortest timing with exactly these breaks, the earliest among equals; no rule about breaks is
    looked at."""
    legs = list(frame.legs)
    for pause in pauses:
        legs[pause.leg] += pause.length
    if frame.openings:
        return _time_among_openings(frame, legs, pauses)
    end = _earliest_end(frame, legs)
    if end is None or end > frame.back:
        return Rule.WINDOW
    start = _latest_departure(frame, legs, end) if frame.departed is None else frame.departed
    if end - start > frame.duty:
        return Rule.DUTY
    return _forward(frame, pauses, start)


def _time_among_openings(frame: Frame, legs: list[int], pauses: tuple[Pause, ...]) -> Timing | Rule:
    """The cheapest of all departures at which waiting or lateness begins or ends somewhere on the route; at
    each stop either the first opening that comes, or the first in time."""
    best: tuple[int, int, int] | None = None
    starts: tuple[int, ...] = ()
    broken = Rule.WINDOW
    for departure in _departures(frame, legs):
        for patient in (False, True):
            found = _follow(frame, legs, departure, patient=patient)
            if found is None or found[-1] > frame.back:
                continue
            took = found[-1] - departure
            if took > frame.duty:
                broken = Rule.DUTY
                continue
            price = took * max(frame.hourly, 1) + 3600 * _lateness(frame, found[:-1])
            if best is None or (price, found[-1], -departure) < best:
                best, starts = (price, found[-1], -departure), found[:-1]
    return broken if best is None else _forward(frame, pauses, -best[2], starts)


def _lateness(frame: Frame, starts: tuple[int, ...]) -> int:
    chosen = ((frame.opening(stop, start), start) for stop, start in enumerate(starts))
    return sum(opening.price(start) for opening, start in chosen if opening is not None)


def _departures(frame: Frame, legs: list[int]) -> list[int]:
    if frame.departed is not None:
        return [frame.departed]
    found = {frame.leaves}
    for stop, openings in enumerate(frame.openings):
        for moment in {moment for one in openings for moment in (one.earliest, one.due, one.latest)}:
            now: int | None = moment
            for before in range(stop, -1, -1):
                if now is None:
                    break
                now -= legs[before]
                if before:
                    now = _last_start(frame.openings[before - 1], now - frame.service[before - 1])
            if now is not None and now >= frame.leaves:
                found.add(now)
    return sorted(found)


def _last_start(openings: tuple[Opening, ...], by: int) -> int | None:
    return max((min(by, one.latest) for one in openings if one.earliest <= by), default=None)


def _follow(frame: Frame, legs: list[int], departure: int, *, patient: bool) -> tuple[int, ...] | None:
    """Starts of all stops and the end, leaving at ``departure``; None when a stop is missed."""
    now, starts = departure, []
    for leg, openings, service in zip(legs[:-1], frame.openings, frame.service, strict=True):
        now += leg
        coming = [
            (patient and max(now, one.earliest) > one.due, max(now, one.earliest))
            for one in openings
            if now <= one.latest
        ]
        if not coming:
            return None
        now = min(coming)[1]
        starts.append(now)
        now += service
    return (*starts, now + legs[-1])


def _earliest_end(frame: Frame, legs: list[int]) -> int | None:
    now = frame.leaves
    for leg, earliest, latest, service in zip(
        legs[:-1], frame.earliest, frame.latest, frame.service, strict=True
    ):
        now = max(now + leg, earliest)
        if now > latest:
            return None
        now += service
    return now + legs[-1]


def _latest_departure(frame: Frame, legs: list[int], end: int) -> int:
    now = end - legs[-1]
    for leg, latest, service in zip(
        reversed(legs[:-1]), reversed(frame.latest), reversed(frame.service), strict=True
    ):
        now = min(now - service, latest) - leg
    return now


def _forward(
    frame: Frame, pauses: tuple[Pause, ...], start: int, begins: tuple[int, ...] | None = None
) -> Timing:
    arrivals, starts, now = [], [], start
    for number, leg in enumerate(frame.legs):
        on_leg = [pause for pause in pauses if pause.leg == number]
        arrival = now + leg + sum(pause.length for pause in on_leg if pause.offset < leg)
        now = now + leg + sum(pause.length for pause in on_leg)
        if number < len(frame.service):
            now = max(now, frame.earliest[number]) if begins is None else begins[number]
            arrivals.append(arrival)
            starts.append(now)
            now += frame.service[number]
    return Timing(start, now, tuple(arrivals), tuple(starts), pauses)


def segments(frame: Frame, timing: Timing, reloads: frozenset[int] = frozenset()) -> tuple[Segment, ...]:
    """The route minute by minute, without gaps from departure to return; nothing of no length.

    The stops numbered ``reloads`` are returns to the depot; they belong to the leg to the next visit.
    """
    found: list[Segment] = []
    now, passed = timing.start, 0

    def spend(activity: Activity, until: int, leg: int) -> None:
        nonlocal now
        if until > now:
            found.append(Segment(activity, now, until, leg - passed))
        now = until

    for number, leg in enumerate(frame.legs):
        driven = 0
        for pause in (one for one in timing.pauses if one.leg == number):
            spend(Activity.DRIVE, now + pause.offset - driven, number)
            spend(Activity.BREAK, now + pause.length, number)
            driven = pause.offset
        spend(Activity.DRIVE, now + leg - driven, number)
        if number < len(frame.service):
            spend(Activity.WAIT, timing.starts[number], number)
            activity = Activity.LOAD if number in reloads else Activity.SERVICE
            spend(activity, now + frame.service[number], number)
            passed += number in reloads
    return tuple(found)


def latest_departure(frame: Frame, pauses: tuple[Pause, ...] = ()) -> int:
    """The last moment to leave the depot so that every window and the return can still be kept."""
    legs = list(frame.legs)
    for pause in pauses:
        legs[pause.leg] += pause.length
    return _latest_departure(frame, legs, frame.back)
