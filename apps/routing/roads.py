"""Travel times by road from an OSRM-compatible server (``ROUTER_URL``), remembered for a day.

Where it can't be trusted, great circles take its place, and the plan says so and why.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPException
from threading import Lock
from time import monotonic
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from apps.routing.engine import GreatCircle, Point, TravelMatrix, TravelProvider
from apps.routing.engine.travel import great_circle_metres

UNKNOWN = -1
NO_ROAD = -2
REMEMBERED_PLACES = 2_000
REMEMBERED_SECONDS = 86_400
LARGEST_ANSWER = 32 * 2**20
FASTEST = 60.0
"""Metres per second; whatever is quicker is no lorry and no car either."""

SNAPPED = 5_000
"""Metres by which places may have been moved to the nearest road; a way this much below the straight line is
no way."""

Cells = NDArray[np.int64]


class RouterFault(Exception):
    """The router gave no usable answer; the message says why, as the end of a sentence."""


@cache
def travel_provider() -> TravelProvider:
    """The router where one is named in ``ROUTER_URL``, else great circles; one for the whole process."""
    if not settings.ROUTER_URL:
        return GreatCircle()
    return RoadRouter(settings.ROUTER_URL, timeout=settings.ROUTER_TIMEOUT, table=settings.ROUTER_TABLE_SIZE)


@dataclass
class RoadRouter:
    """Asks ``url`` (scheme, host, and path before ``/table/v1``) and remembers the answers for a day.

    One request has at most ``table`` places (OSRM's ``--max-table-size``) and ``timeout`` seconds; all
    together have twelve times that. Not a single way is taken over from an answer of which a part makes no
    sense.
    """

    url: str
    profile: str = "driving"
    timeout: float = 5.0
    table: int = 100
    _memory: "_Memory" = field(default_factory=lambda: _Memory(), repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def matrix(self, points: Sequence[Point]) -> TravelMatrix:
        """Metres and seconds between all ``points``, in their order; ``source`` says who computed them."""
        instead = GreatCircle().matrix(points)
        if not points:
            return instead
        try:
            with self._lock:
                metres, seconds = self._by_road([Point(round(lat, 5), round(lon, 5)) for lat, lon in points])
        except RouterFault as fault:
            return TravelMatrix(
                instead.metres,
                instead.seconds,
                f"{instead.source}, because the road router {fault}",
            )
        missing = metres == NO_ROAD
        metres, seconds = (
            np.where(missing, ours, theirs)
            for ours, theirs in ((instead.metres, metres), (instead.seconds, seconds))
        )
        source = "by road, from the road router"
        if missing.any():
            source += f"; it knows no road for {missing.sum()} of the ways, which are {instead.source}"
        return TravelMatrix(metres, seconds, source, by_road=True)

    def _by_road(self, points: list[Point]) -> tuple[Cells, Cells]:
        """The matrices, with ``NO_ROAD`` where there is none; what isn't remembered is asked for."""
        until = monotonic() + 12 * self.timeout
        places = list(dict.fromkeys(points))
        if len(places) > REMEMBERED_PLACES:
            raise RouterFault(f"is not asked for more than {REMEMBERED_PLACES} places at once")
        memory = self._memory
        slots = memory.slots_of(places)
        # Places that were asked for before come first, so that what is unknown lies together.
        order = np.argsort([memory.metres[slot, slot] == UNKNOWN for slot in slots], kind="stable")
        size = max(1, self.table // 2)
        parts = [order[start : start + size] for start in range(0, len(order), size)]
        for sources in parts:
            for targets in parts:
                here = np.ix_(slots[sources], slots[targets])
                if (memory.metres[here] != UNKNOWN).all():
                    continue
                if monotonic() > until:
                    raise RouterFault("took too long")
                memory.metres[here], memory.seconds[here] = self._ask(
                    [places[one] for one in sources], [places[one] for one in targets]
                )
        number = dict(zip(places, slots, strict=True))
        asked = np.array([number[point] for point in points])
        square = np.ix_(asked, asked)
        return memory.metres[square].astype(np.int64), memory.seconds[square].astype(np.int64)

    def _ask(self, sources: list[Point], targets: list[Point]) -> tuple[Cells, Cells]:
        places = list(dict.fromkeys([*sources, *targets]))
        if len(places) == 1:
            return np.zeros((1, 1), dtype=np.int64), np.zeros((1, 1), dtype=np.int64)
        where = {place: number for number, place in enumerate(places)}
        coordinates = ";".join(f"{place.lon:.5f},{place.lat:.5f}" for place in places)
        query = "&".join(
            (
                "annotations=duration,distance",
                "sources=" + ";".join(str(where[one]) for one in sources),
                "destinations=" + ";".join(str(where[one]) for one in targets),
            )
        )
        answer = self._get(f"{self.url.rstrip('/')}/table/v1/{self.profile}/{coordinates}?{query}")
        return _read(answer, sources, targets)

    def _get(self, url: str) -> Any:
        request = Request(url, headers={"Accept": "application/json"})  # noqa: S310  # the address is a setting
        try:
            with urlopen(request, timeout=self.timeout) as response:  # noqa: S310  # the address is a setting
                body = response.read(LARGEST_ANSWER + 1)
        except HTTPError as error:
            raise RouterFault(f"answered {error.code}") from error
        except TimeoutError as error:
            raise RouterFault("took too long") from error
        except (OSError, HTTPException, ValueError) as error:
            raise RouterFault("can't be reached") from error
        if len(body) > LARGEST_ANSWER:
            raise RouterFault("answered far too much")
        try:
            return json.loads(body)
        except ValueError as error:
            raise RouterFault("answered something that is no JSON") from error


class _Memory:
    """Ways between places, as they were learned; the places that were asked for longest ago make room."""

    def __init__(self) -> None:
        self._slots: dict[Point, int] = {}
        self._since = monotonic()
        self.metres = self.seconds = np.full((0, 0), UNKNOWN, dtype=np.int32)

    def slots_of(self, places: Sequence[Point]) -> Cells:
        """Where each place stands in the matrices."""
        if monotonic() - self._since > REMEMBERED_SECONDS:
            self.__init__()  # type: ignore[misc]  # begins anew, which is what forgetting is
        for place in places:
            self._slots[place] = self._slots.pop(place, UNKNOWN)
        for slot in self._free(places):
            self.metres[slot, :] = self.metres[:, slot] = UNKNOWN
        return np.array([self._slots[place] for place in places])

    def _free(self, places: Sequence[Point]) -> Iterator[int]:
        """Gives each new place a slot, that of the longest unused place where none is left."""
        new = [place for place in places if self._slots[place] == UNKNOWN]
        while len(self._slots) > REMEMBERED_PLACES:
            del self._slots[next(iter(self._slots))]
        taken = set(self._slots.values())
        free = (slot for slot in range(REMEMBERED_PLACES) if slot not in taken)
        for place in new:
            self._slots[place] = next(free)
            yield self._grown(self._slots[place])

    def _grown(self, slot: int) -> int:
        """``slot``, with matrices that have it."""
        size = len(self.metres)
        if slot >= size:
            more = max(slot + 1, 2 * size, 64) - size
            self.metres, self.seconds = (
                np.pad(matrix, (0, more), constant_values=UNKNOWN) for matrix in (self.metres, self.seconds)
            )
        return slot


def _read(answer: Any, sources: Sequence[Point], targets: Sequence[Point]) -> tuple[Cells, Cells]:
    """Whole metres and seconds of one answer, ``NO_ROAD`` where it has null.

    Raises:
        RouterFault: it is no table of the size asked for, or no road could be like that.
    """
    if not isinstance(answer, dict) or answer.get("code") != "Ok":
        code = answer.get("code") if isinstance(answer, dict) else None
        said = f"“{code[:40]}”" if isinstance(code, str) else "something that is no table"
        raise RouterFault(f"answered {said}")
    shape = (len(sources), len(targets))
    metres, seconds = _table(answer.get("distances"), shape), _table(answer.get("durations"), shape)
    missing = np.isnan(metres) | np.isnan(seconds)
    straight = great_circle_metres([*sources, *targets])[: len(sources), len(sources) :]
    with np.errstate(invalid="ignore"):
        nonsense = (metres < 0) | (seconds < 0) | (metres > 1e8) | (seconds > 1e8)
        nonsense |= metres > FASTEST * seconds + SNAPPED
        nonsense |= metres < straight - SNAPPED
        nonsense |= (straight == 0) & ((metres > 0) | (seconds > 0))
    if (nonsense & ~missing).any():
        raise RouterFault("answered ways that no road can be like")
    return tuple(  # type: ignore[return-value]  # two of them
        np.where(missing, NO_ROAD, np.rint(np.nan_to_num(matrix))).astype(np.int64)
        for matrix in (metres, seconds)
    )


def _table(rows: Any, shape: tuple[int, int]) -> NDArray[np.float64]:
    try:
        table = np.array(rows, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise RouterFault("answered something that is no table") from error
    if table.shape != shape or np.isinf(table).any():
        raise RouterFault("answered a table of another size")
    return table
