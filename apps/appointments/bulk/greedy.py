"""First come, first served: each ask in turn takes its cheapest slot that is left. The start of every search,
and the peer it is measured against."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from apps.appointments.bulk.options import Option, keys_of, options_of, room_of, vehicles_then
from apps.appointments.bulk.problem import Ask, Ground, Place, Problem
from apps.appointments.calendar import Limit


def first_come(problem: Problem) -> dict[UUID, Place]:
    """One slot for every ask that still finds one, in the order in which they were asked."""
    placed = {}
    for site_id, ground in problem.grounds.items():
        asks = [ask for ask in problem.asks if ask.site_id == site_id]
        for option in take_in_turn(asks, options_of(asks)[0], ground):
            placed[asks[option.ask].id] = option.place
    return placed


def take_in_turn(
    asks: Sequence[Ask], options: Sequence[Sequence[Option]], ground: Ground, standing: Sequence[Option] = ()
) -> list[Option]:
    """The options that the asks of one site take one after another, beside those that stand already."""
    site = Register(asks, ground, standing)
    taken = []
    for number in range(len(asks)):
        chosen = next((option for option in options[number] if site.has_room(option)), None)
        if chosen is not None:
            site.add(chosen)
            taken.append(chosen)
    return taken


class Register:
    """What is taken of one site so far, and whether one more slot fits in."""

    def __init__(self, asks: Sequence[Ask], ground: Ground, standing: Sequence[Option] = ()) -> None:
        self._asks, self._ground = asks, ground
        self._used = defaultdict(int, room_of(ground))
        self._taken: list[Option] = []
        self._tracks: dict[tuple[UUID, int], list[Option]] = defaultdict(list)
        for option in standing:
            self.add(option)

    def add(self, option: Option) -> None:
        """Take it; whether there is room was asked before."""
        self._taken.append(option)
        self._tracks[option.track].append(option)
        for limit, when, amount in keys_of(option, self._asks[option.ask], self._ground):
            self._used[limit, when] += amount

    def has_room(self, option: Option) -> bool:
        """Whether it fits beside all that is taken."""
        ask, ground = self._asks[option.ask], self._ground
        if ground.most_slots is not None and len(self._taken) >= ground.most_slots:
            return False
        if any(_meet(option, other) for other in self._tracks[option.track]):
            return False
        if any(
            self._used[limit, when] + amount > ground.limits[limit]
            for limit, when, amount in keys_of(option, ask, ground)
        ):
            return False
        if ask.apart and any(self._asks[o.ask].apart and _meet(option, o) for o in self._taken):
            return False
        return Limit.AT_ONCE not in ground.limits or self._most_at_once(option) < ground.limits[Limit.AT_ONCE]

    def _most_at_once(self, option: Option) -> int:
        """The most vehicles on the site at any moment of the option; it only grows where one comes."""
        beside = [other for other in self._taken if _meet(option, other)]
        arrivals = [*(o.lower for o in beside), *(t.start for t in self._ground.taken), option.lower]
        return max(
            sum(o.lower <= moment < o.upper for o in beside) + vehicles_then(self._ground, moment)
            for moment in arrivals
            if option.lower <= moment < option.upper
        )


def _meet(one: Option, other: Option) -> bool:
    return one.lower < other.upper and other.lower < one.upper
