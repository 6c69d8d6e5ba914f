"""Routes in two parts, so that one more stop can be put between them: how long each part takes at least and
when it may begin, for one or for many at once; and what is timed once the stop is in.

The arithmetic is that of time window segments (Vidal et al., 2013).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from apps.routing.engine.candidate import RELOAD, Order
from apps.routing.engine.frame import Frame, Opening
from apps.routing.engine.problem import Problem, VehicleClass

Whole = NDArray[np.int64]


class Span(NamedTuple):
    """A part of a route: its shortest duration, and when it may begin so that it takes no longer."""

    took: int
    earliest: int
    latest: int


class Spans(NamedTuple):
    """Many parts at once, as columns of ``Span``."""

    took: Whole
    earliest: Whole
    latest: Whole


def leaves_from(problem: Problem, offer: VehicleClass) -> int:
    """The first moment at which a vehicle that has not left may leave with goods that are ready."""
    return max(problem.depot_of(offer).opens, offer.shift.start, problem.now)


def heads(frame: Frame) -> list[Span]:
    """The route up to each stop, that stop included; first the departure alone."""
    latest = frame.back if frame.departed is None else frame.departed
    spans = [Span(0, frame.leaves, max(latest, frame.leaves))]
    for leg, *stop in zip(frame.legs, frame.service, frame.earliest, frame.latest, strict=False):
        spans.append(join(spans[-1], leg, Span(*stop)))
    return spans


def tails(frame: Frame) -> list[Span]:
    """The route from each stop on; last the return alone."""
    spans = [Span(0, frame.leaves, frame.back)]
    stops = list(zip(frame.legs[1:], frame.service, frame.earliest, frame.latest, strict=True))
    for leg, *stop in reversed(stops):
        spans.append(join(Span(*stop), leg, spans[-1]))
    return spans[::-1]


def join(head: Span, leg: int, tail: Span) -> Span:
    """One part after another. A part that begins between its bounds takes its shortest duration; one that
    begins before them waits. Where ``earliest`` is above ``latest`` the two can't follow each other."""
    before = head.took + leg
    wait = max(0, tail.earliest - (head.latest + before))
    earliest = max(tail.earliest - before, head.earliest) - wait
    latest = min(tail.latest - before, head.latest)
    if head.earliest + before > tail.latest or head.earliest > head.latest or tail.earliest > tail.latest:
        latest = earliest - 1
    return Span(before + wait + tail.took, earliest, latest)


def join_all(head: Spans, legs: Whole, tail: Spans) -> Spans:
    """``join`` for columns of parts."""
    before = head.took + legs
    wait = np.maximum(0, tail.earliest - (head.latest + before))
    earliest = np.maximum(tail.earliest - before, head.earliest) - wait
    latest = np.minimum(tail.latest - before, head.latest)
    broken = (head.earliest + before > tail.latest) | (head.earliest > head.latest)
    latest = np.where(broken | (tail.earliest > tail.latest), earliest - 1, latest)
    return Spans(before + wait + tail.took, earliest, latest)


def with_stops(frame: Frame, position: int, pieces: Sequence[tuple[int, Opening, int]], last: int) -> Frame:
    """``frame`` with further stops before its stop ``position``, ``last`` being the way on from them."""
    head, tail = slice(None, position), slice(position, None)
    openings = tuple((one,) for _, one, _ in pieces)
    return replace(
        frame,
        legs=(*frame.legs[head], *(leg for leg, _, _ in pieces), last, *frame.legs[position + 1 :]),
        earliest=(*frame.earliest[head], *(one.earliest for _, one, _ in pieces), *frame.earliest[tail]),
        latest=(*frame.latest[head], *(one.latest for _, one, _ in pieces), *frame.latest[tail]),
        service=(*frame.service[head], *(takes for _, _, takes in pieces), *frame.service[tail]),
        openings=(*frame.openings[head], *openings, *frame.openings[tail]) if frame.openings else (),
    )


def ready_by(frame: Frame, before: Order, ready: int) -> Frame | None:
    """``frame`` leaving or loading for the trip no sooner than its new goods are ready; None when it has
    left."""
    if RELOAD not in before:
        if frame.departed is not None:
            return frame if frame.departed >= ready else None
        return replace(frame, leaves=max(frame.leaves, ready))
    loads = len(before) - 1 - before[::-1].index(RELOAD)
    earliest = list(frame.earliest)
    earliest[loads] = max(earliest[loads], ready - frame.service[loads])
    if earliest[loads] > frame.latest[loads]:
        return None
    openings = list(frame.openings)
    if openings:
        openings[loads] = tuple(
            replace(one, earliest=max(one.earliest, earliest[loads])) for one in openings[loads]
        )
    return replace(frame, earliest=tuple(earliest), openings=tuple(openings))
