"""Where a driver's breaks go on one route: Article 7 of Regulation (EC) No 561/2006.

Breaks that fall into waiting anyway, or are taken when they are due, are found by a pass over the route;
whether there are better ones CP-SAT decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise

from ortools.sat.python import cp_model

from apps.routing.engine.frame import Frame, Opening, Pause, Timing

_EFFORT = 2.0
"""Deterministic time per timing: never reached by a route of a day, and the same on every machine."""


def breaks_while_waiting(frame: Frame, timing: Timing) -> tuple[Pause, ...]:
    """Full breaks at stops where ``timing`` waits long enough anyway; none unless these keep the rule."""
    rules, since = frame.driving, 0
    pauses = []
    for leg, (drive, arrival, start) in enumerate(
        zip(frame.legs[:-1], timing.arrivals, timing.starts, strict=True)
    ):
        since += drive
        if since > rules.before_break:
            return ()
        if start - arrival >= rules.full_break:
            pauses.append(Pause(leg, drive, rules.full_break))
            since = 0
    return tuple(pauses) if since + frame.legs[-1] <= rules.before_break else ()


def breaks_when_due(frame: Frame) -> tuple[Pause, ...]:
    """A full break wherever the driver has been at the wheel for as long as is allowed."""
    rules, since = frame.driving, 0
    pauses = []
    for leg, drive in enumerate(frame.legs):
        offset = 0
        while since + drive - offset > rules.before_break:
            offset += rules.before_break - since
            pauses.append(Pause(leg, offset, rules.full_break))
            since = 0
        since += drive - offset
    return tuple(pauses)


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
    first, last = (frame.leaves, frame.back) if frame.departed is None else (frame.departed, frame.departed)
    start = model.new_int_var(first, last, "start")
    now: cp_model.LinearExpr | int = start
    late: list[cp_model.LinearExpr] = []
    for number, leg in enumerate(frame.legs):
        done = now + leg + sum(piece.length * piece.on_leg[number] for piece in pieces)
        if number == len(frame.service):
            now = done
            break
        begin = model.new_int_var(frame.earliest[number], frame.latest[number], f"begin{number}")
        if frame.openings:
            late += _in_an_opening(model, frame.openings[number], begin)
        model.add(begin >= done)
        now = begin + frame.service[number]
    model.add(now <= frame.back)
    model.add(now - start <= frame.duty)
    model.minimize(
        1000 * max(frame.hourly, 1) * (now - start)
        + 1000 * sum(late)
        + sum(10 * piece.on_road for piece in pieces)
        + sum(piece.taken for piece in pieces)
    )
    solver = _solver()
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return _read(solver, frame, pieces)


def _in_an_opening(
    model: cp_model.CpModel, openings: tuple[Opening, ...], begin: cp_model.IntVar
) -> list[cp_model.LinearExpr]:
    """``begin`` is in one of the openings; what its lateness costs, in cents of an hour's seconds."""
    chosen, late = [], []
    for one in openings:
        here = model.new_bool_var("")
        model.add(begin >= one.earliest).only_enforce_if(here)
        model.add(begin <= one.latest).only_enforce_if(here)
        chosen.append(here)
        if one.latest > one.due and one.rate:
            seconds = model.new_int_var(0, one.latest - one.due, "")
            model.add(seconds >= begin - one.due).only_enforce_if(here)
            late.append(one.rate * seconds)
    model.add_exactly_one(chosen)
    return late


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
