"""What is known of a delivery before its vehicle comes, as numbers, in the order of time.

Places, docks, carriers and hours enter by how often deliveries there went wrong before: a share pulled
towards the shipper's own by ``PRIOR`` imagined cases, so that three deliveries say little. Each case
sees only days before its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import log
from typing import Any

#: Imagined cases of the usual share that every place, dock, carrier and hour starts with.
PRIOR = 20.0
KEYS = ("site", "dock", "carrier", "hour")
FEATURES = (
    "site",
    "dock",
    "carrier",
    "hour",
    "pallets",
    "chilled",
    "papers",
    "no_carrier",
    "short_notice",
    "many_rounds",
    "no_plan",
    "tight",
    "slack",
)
SHORT_NOTICE = timedelta(hours=6)
TIGHT = timedelta(minutes=15)
MANY_ROUNDS = 3
_MOST_SLACK = 120.0  # minutes; more is no safer


@dataclass(frozen=True)
class Case:
    """One delivery before its vehicle comes. ``hour`` is the slot's, in the site's own time.

    ``went_wrong`` is what came of it: late, failed or refused at the first attempt; None while open.
    """

    day: date
    site: str
    dock: str
    carrier: str
    hour: str
    pallets: int
    is_chilled: bool
    papers_lack: bool
    no_carrier: bool
    rounds: int
    agreed_at: datetime | None
    slot_from: datetime
    window_to: datetime
    planned_arrival: datetime | None
    went_wrong: bool | None = None


@dataclass
class Past:
    """How many cases of each place, dock, carrier and hour there were before, and how many went wrong."""

    all: list[float] = field(default_factory=lambda: [0.0, 0.0])
    seen: dict[str, dict[str, list[float]]] = field(default_factory=lambda: {key: {} for key in KEYS})

    def add(self, case: Case) -> None:
        """Count a case that is over."""
        wrong = float(bool(case.went_wrong))
        self.all[0] += 1
        self.all[1] += wrong
        for key in KEYS:
            told = self.seen[key].setdefault(getattr(case, key), [0.0, 0.0])
            told[0] += 1
            told[1] += wrong

    @property
    def usual(self) -> float:
        """The share that went wrong of all, never quite 0 or 1."""
        return (self.all[1] + 1) / (self.all[0] + 20)

    def share(self, key: str, name: str) -> float:
        """The share that went wrong there, pulled towards the usual one."""
        cases, wrong = self.seen[key].get(name, (0.0, 0.0))
        return (wrong + PRIOR * self.usual) / (cases + PRIOR)

    def cases(self, key: str, name: str) -> int:
        """How many there were before."""
        return int(self.seen[key].get(name, (0.0,))[0])

    def value(self) -> dict[str, Any]:
        """As JSON values."""
        return {"all": self.all, "seen": self.seen}

    @classmethod
    def from_value(cls, value: dict[str, Any]) -> Past:
        """What ``value`` gave."""
        return cls(list(value["all"]), {key: dict(value["seen"][key]) for key in KEYS})


def vector(case: Case, past: Past) -> list[float]:
    """The case's features in the order of ``FEATURES``; shares as log odds against the usual."""
    usual = _odds(past.usual)
    slack = (case.window_to - case.planned_arrival) / timedelta(minutes=1) if case.planned_arrival else None
    notice = case.slot_from - case.agreed_at if case.agreed_at else None
    return [
        *(_odds(past.share(key, getattr(case, key))) - usual for key in KEYS),
        log(1 + case.pallets),
        float(case.is_chilled),
        float(case.papers_lack),
        float(case.no_carrier),
        float(notice is None or notice < SHORT_NOTICE),
        float(case.rounds >= MANY_ROUNDS),
        float(slack is None),
        float(slack is not None and slack < TIGHT / timedelta(minutes=1)),
        0.0 if slack is None else max(-_MOST_SLACK, min(_MOST_SLACK, slack)) / 60,
    ]


def in_time(cases: Sequence[Case]) -> tuple[list[list[float]], list[bool], Past]:
    """Each case's features as they were on its day, what came of it, and the past after all of them."""
    past = Past()
    rows: list[list[float]] = []
    by_day: dict[date, list[Case]] = defaultdict(list)
    for case in cases:
        by_day[case.day].append(case)
    results: list[bool] = []
    for day in sorted(by_day):
        rows += [vector(case, past) for case in by_day[day]]
        results += [bool(case.went_wrong) for case in by_day[day]]
        _add(past, by_day[day])
    return rows, results, past


def _add(past: Past, cases: Iterable[Case]) -> None:
    for case in cases:
        past.add(case)


def _odds(share: float) -> float:
    return log(share / (1 - share))
