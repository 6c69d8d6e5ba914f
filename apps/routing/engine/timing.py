"""When a vehicle does what on one sequence of visits: exact, with the driver's breaks, in the shortest time.

Without a break the answer is a formula: drive as early as possible to learn the earliest end, then leave as
late as that end allows. With breaks CP-SAT decides where they go. A break may be anywhere along a leg, so
also at a stop before or after unloading; a break taken while the vehicle would wait anyway costs nothing.
Waiting and unloading are no breaks.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise

from ortools.sat.python import cp_model

from apps.routing.engine.problem import DrivingRules
from apps.routing.engine.result import Activity, Segment
from apps.routing.engine.rules import Rule

_EFFORT = 2.0
"""Deterministic time per timing: never reached by a route of a day, and the same on every machine."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One sequence of visits to be timed; ``legs`` has one entry more than the others, the way home."""

    legs: tuple[int, ...]
    earliest: tuple[int, ...]
    latest: tuple[int, ...]
    service: tuple[int, ...]
    leaves: int
    back: int
    duty: int
    driving: DrivingRules


@dataclass(frozen=True, slots=True)
class Pause:
    """A break of ``length`` seconds after ``offset`` seconds of driving on ``leg``."""

    leg: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Timing:
    """A timed sequence: departure, return, and for each stop arrival and start of unloading."""

    start: int
    end: int
    arrivals: tuple[int, ...]
    starts: tuple[int, ...]
    pauses: tuple[Pause, ...]


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
    pauses = place_breaks(frame)
    return Rule.BREAK if pauses is None else time_with(frame, pauses)


def time_with(frame: Frame, pauses: tuple[Pause, ...]) -> Timing | Rule:
    """The shortest timing with exactly these breaks, the earliest among equals; no rule about breaks is
    looked at."""
    legs = list(frame.legs)
    for pause in pauses:
        legs[pause.leg] += pause.length
    end = _earliest_end(frame, legs)
    if end is None or end > frame.back:
        return Rule.WINDOW
    start = _latest_departure(frame, legs, end)
    if end - start > frame.duty:
        return Rule.DUTY
    return _forward(frame, pauses, start)


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


def _forward(frame: Frame, pauses: tuple[Pause, ...], start: int) -> Timing:
    arrivals, starts, now = [], [], start
    for number, leg in enumerate(frame.legs):
        on_leg = [pause for pause in pauses if pause.leg == number]
        arrival = now + leg + sum(pause.length for pause in on_leg if pause.offset < leg)
        now = now + leg + sum(pause.length for pause in on_leg)
        if number < len(frame.service):
            now = max(now, frame.earliest[number])
            arrivals.append(arrival)
            starts.append(now)
            now += frame.service[number]
    return Timing(start, now, tuple(arrivals), tuple(starts), pauses)


def place_breaks(frame: Frame) -> tuple[Pause, ...] | None:
    """Breaks that keep Article 7 of Regulation (EC) No 561/2006 with the shortest route, if there are any.

    Each rest of the driver is one full break, or a first and a second part in this order; between two rests,
    and before the first and after the last, the driver is at the wheel for at most ``before_break``. Breaks
    at stops are preferred to breaks on the road, fewer to more, as far as the route gets no longer by it.
    """
    rules, driven = frame.driving, sum(frame.legs)
    needed = -(-driven // rules.before_break) - 1
    model = cp_model.CpModel()
    pieces = _pieces(model, frame, needed + 1)
    start = model.new_int_var(frame.leaves, frame.back, "start")
    now: cp_model.LinearExpr | int = start
    for number, leg in enumerate(frame.legs):
        done = now + leg + sum(piece.length * piece.on_leg[number] for piece in pieces)
        if number == len(frame.service):
            now = done
            break
        begin = model.new_int_var(frame.earliest[number], frame.latest[number], f"begin{number}")
        model.add(begin >= done)
        now = begin + frame.service[number]
    model.add(now <= frame.back)
    model.add(now - start <= frame.duty)
    model.minimize(
        1000 * (now - start)
        + sum(10 * piece.on_road for piece in pieces)
        + sum(piece.taken for piece in pieces)
    )
    solver = _solver()
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return _read(solver, frame, pieces)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A break that may be taken: where along the driving, on which leg, and whether away from every stop."""

    length: int
    taken: cp_model.IntVar
    at: cp_model.IntVar
    on_leg: tuple[cp_model.IntVar, ...]
    on_road: cp_model.IntVar


def _pieces(model: cp_model.CpModel, frame: Frame, rests: int) -> list[_Piece]:
    rules, driven = frame.driving, sum(frame.legs)
    pieces: list[_Piece] = []
    previous: cp_model.LinearExpr | int = 0
    previous_taken: cp_model.IntVar | None = None
    for _ in range(rests):
        full, split = model.new_bool_var(""), model.new_bool_var("")
        taken = model.new_bool_var("")
        model.add(full + split == taken)
        first_at, at = model.new_int_var(0, driven, ""), model.new_int_var(0, driven, "")
        model.add(first_at >= previous)
        model.add(at >= first_at)
        model.add(at - previous <= rules.before_break)
        model.add(at == previous).only_enforce_if(~taken)
        if previous_taken is not None:
            model.add_implication(taken, previous_taken)
        pieces += [
            _piece(model, frame, rules.first_part, split, first_at),
            _piece(model, frame, rules.full_break, full, at),
            _piece(model, frame, rules.second_part, split, at),
        ]
        previous, previous_taken = at, taken
    model.add(driven - previous <= rules.before_break)
    _in_order(model, pieces)
    return pieces


def _piece(
    model: cp_model.CpModel, frame: Frame, length: int, taken: cp_model.IntVar, at: cp_model.IntVar
) -> _Piece:
    on_leg = tuple(model.new_bool_var("") for _ in frame.legs)
    on_road = model.new_bool_var("")
    model.add(sum(on_leg) == taken)
    for (begin, end), here in zip(pairwise(accumulate(frame.legs, initial=0)), on_leg, strict=True):
        model.add(at >= begin).only_enforce_if(here)
        model.add(at <= end).only_enforce_if(here)
        model.add(at == end).only_enforce_if(here, ~on_road)
    return _Piece(length, taken, at, on_leg, on_road)


def _in_order(model: cp_model.CpModel, pieces: list[_Piece]) -> None:
    """A later break is never on an earlier leg, also where both are at the same stop."""
    for position, piece in enumerate(pieces):
        for later in pieces[position + 1 :]:
            both = (piece.taken, later.taken)
            model.add(
                sum(number * here for number, here in enumerate(later.on_leg))
                >= sum(number * here for number, here in enumerate(piece.on_leg))
            ).only_enforce_if(*both)


def _solver() -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.max_deterministic_time = _EFFORT
    return solver


def _read(solver: cp_model.CpSolver, frame: Frame, pieces: list[_Piece]) -> tuple[Pause, ...]:
    begins = list(accumulate(frame.legs, initial=0))
    return tuple(
        Pause(number, solver.value(piece.at) - begins[number], piece.length)
        for piece in pieces
        for number, here in enumerate(piece.on_leg)
        if solver.value(here)
    )


def segments(frame: Frame, timing: Timing) -> tuple[Segment, ...]:
    """The route minute by minute, without gaps from departure to return; nothing of no length."""
    found: list[Segment] = []
    now = timing.start

    def spend(activity: Activity, until: int, leg: int) -> None:
        nonlocal now
        if until > now:
            found.append(Segment(activity, now, until, leg))
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
            spend(Activity.SERVICE, now + frame.service[number], number)
    return tuple(found)


def latest_departure(frame: Frame, pauses: tuple[Pause, ...] = ()) -> int:
    """The last moment to leave the depot so that every window and the return can still be kept."""
    legs = list(frame.legs)
    for pause in pauses:
        legs[pause.leg] += pause.length
    return _latest_departure(frame, legs, frame.back)
