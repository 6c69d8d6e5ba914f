"""What bulk slotting is asked and what it answers: values only. Moments are whole seconds since the epoch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from apps.appointments.calendar import Gap, Limit


@dataclass(frozen=True, slots=True)
class Need:
    """What one load takes of a dock's time: its minutes, and the dock's own before and after a vehicle."""

    minutes: int
    setup_minutes: int = 0
    clear_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Ask:
    """One delivery that wants slots at one site.

    ``needs`` names the docks that take its load, ``gaps`` is the time in which their lanes are free for it;
    what others have taken, with buffers, is cut out. A slot starts on a quarter hour of ``[first, last]`` and
    best at ``wanted``. ``extra`` is a start's route cost, in minutes of lateness that it is worth; a start
    that is not named has none. ``apart``: its dangerous goods are kept apart from those of others.
    """

    id: UUID
    site_id: UUID
    wanted: int
    first: int
    last: int
    needs: Mapping[UUID, Need]
    gaps: tuple[Gap, ...]
    pallets: int = 0
    apart: bool = False
    extra: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Taken:
    """How much of a counted limit is used up in ``[start, end)``: visits, or pallets."""

    limit: Limit
    start: int
    end: int
    count: int


@dataclass(frozen=True, slots=True)
class Ground:
    """A site's counted limits, and how far they are used up before anybody here is placed.

    ``zone`` is the site's own: its clock hours and days are those of HOUR, HOUR_PALLETS, DAY, DAY_PALLETS and
    QUOTA. ``most_slots`` is how many more slots the shipper may hold there; None: as many as it likes.
    """

    site_id: UUID
    zone: str
    limits: Mapping[Limit, int] = field(default_factory=dict)
    taken: tuple[Taken, ...] = ()
    most_slots: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """All asks with the sites they are for. The same problem gives the same answer while ``seconds`` last."""

    asks: tuple[Ask, ...]
    grounds: Mapping[UUID, Ground]
    slots_each: int = 1
    seed: int = 1
    seconds: float = 60.0
    workers: int = 2


@dataclass(frozen=True, slots=True)
class Place:
    """One slot of an ask: a lane of a dock in ``[start, end)``, buffers not included."""

    dock_id: UUID
    lane: int
    start: int
    end: int


class Why(StrEnum):
    """Why an ask has no slot."""

    NO_DOCK = "no dock"
    NO_START = "no start"
    CROWDED = "crowded"


@dataclass(frozen=True, slots=True)
class Figures:
    """How good an answer is: costs are minutes off the wanted start plus ``extra``, of first slots only.

    ``most_placed`` bounds how many could be placed, ``least_cost`` what placing as many would cost at least.
    ``proven``: both are reached, no better answer exists.
    """

    asked: int
    placed: int
    cost: int
    most_placed: int
    least_cost: int

    @property
    def proven(self) -> bool:
        return self.placed == self.most_placed and self.cost <= self.least_cost

    @property
    def gap(self) -> float:
        """By which share the cost may exceed what is possible; 0 when it is proven best."""
        return max(0.0, (self.cost - self.least_cost) / self.cost) if self.cost > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """The slots of each ask that has some, the best first, and why others have none."""

    slots: Mapping[UUID, tuple[Place, ...]]
    why_not: Mapping[UUID, Why]
    figures: Figures
    is_finished: bool = True
