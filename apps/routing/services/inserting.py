"""What each of several slots for a delivery would cost on the plan that stands, in milliseconds."""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from threading import Lock
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.appointments.load import Load, Slot
from apps.appointments.ranking import RouteCost
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import load_of
from apps.facilities.models import Dock, Site
from apps.facilities.selectors import profiles_of
from apps.routing import engine
from apps.routing.depots import lead_of
from apps.routing.errors import CurrenciesMixed
from apps.routing.models import RoutePlan
from apps.routing.problems import DayProblem, gather
from apps.routing.selectors import plan_by_id
from apps.routing.standing import current_of
from apps.routing.visits import adr_classes_of, asked_visit
from apps.tenancy.doorway import current_shipper

FRESH = timedelta(seconds=60)
"""So long a plan that was prepared for pricing is taken as it is; what changes meanwhile shows after that."""

PREPARED_AT_MOST = 8


@dataclass(frozen=True)
class SlotPrice:
    """What a slot would add to its day, in whole cents of ``currency``.

    None: no vehicle could come without moving another stop, or there is no plan of that day to price it on
    (``has_plan``). ``plate`` is the vehicle that would come; ``on_route``: it is on a route already, which
    gets ``minutes`` longer.
    """

    slot: Slot
    cents: int | None
    currency: str = ""
    plate: str = ""
    on_route: bool = False
    minutes: float = 0.0
    has_plan: bool = True


def price_slots(
    *, actor: Actor, delivery: Delivery, slots: Sequence[Slot], now: datetime, load: Load | None = None
) -> list[SlotPrice]:
    """What each slot for ``delivery`` would cost on the plan of its day, in the order of ``slots``.

    The plan in force counts, or else the newest version. Every promised slot, capacity, dock rule and
    driver's hour is kept and no other stop is moved; a delivery that is on the plan is priced as if it were
    not. Slots may be on several days and at several docks of the delivery's site. ``load`` may announce a
    vehicle.

    Raises:
        PermissionRefused: ``actor`` does not plan for this shipper.
    """
    require(actor, "routing.price")
    return _Pricer(delivery, load, now).prices(slots)


def route_costs(
    *, actor: Actor, delivery: Delivery, slots: Sequence[Slot], now: datetime, load: Load | None = None
) -> list[RouteCost]:
    """``price_slots`` as the ranking of slots weighs it."""
    prices = price_slots(actor=actor, delivery=delivery, slots=slots, now=now, load=load)
    return [RouteCost(price.cents, price.currency, price.has_plan) for price in prices]


class _Pricer:
    """Prices slots for one delivery; looks each day's plan and each dock up once."""

    def __init__(self, delivery: Delivery, load: Load | None, now: datetime) -> None:
        self._delivery, self._load, self._now = delivery, load or load_of(delivery), now
        self._adr = frozenset(adr_classes_of([delivery])[delivery.pk])
        self._zone = ZoneInfo(delivery.origin.time_zone) if delivery.origin else None
        self._plans: dict[date, _Prepared | None] = {}
        self._docks = profiles_of(Dock.objects.filter(site=delivery.site_id))

    def prices(self, slots: Sequence[Slot]) -> list[SlotPrice]:
        together: defaultdict[tuple[date, UUID], list[int]] = defaultdict(list)
        for number, slot in enumerate(slots):
            together[slot.start.astimezone(self._zone).date(), slot.dock_id].append(number)
        found: dict[int, SlotPrice] = {}
        for (day, dock_id), numbers in together.items():
            here = [slots[number] for number in numbers]
            found |= zip(numbers, self._at(day, dock_id, here), strict=True)
        return [found[number] for number in range(len(slots))]

    def _at(self, day: date, dock_id: UUID, slots: Sequence[Slot]) -> list[SlotPrice]:
        if day not in self._plans:
            self._plans[day] = _prepared(self._delivery, day, self._adr, self._now)
        plan, profile = self._plans[day], self._docks.get(dock_id)
        if plan is None or profile is None:
            return [SlotPrice(slot, None, has_plan=plan is not None) for slot in slots]
        windows = [plan.window(slot) for slot in slots]
        asked = asked_visit(self._delivery, profile, self._load, windows[0], self._adr)
        return [
            SlotPrice(slot, one.cents, plan.currency, one.vehicle_id, one.on_route, one.seconds / 60)
            for slot, one in zip(slots, plan.costs(asked, windows), strict=True)
        ]


@dataclass(frozen=True)
class _Prepared:
    """One day's plan with the ways to one site, ready to be priced on."""

    asked: DayProblem
    standing: engine.StandingPlan
    zones: frozenset[str]
    at: datetime

    @property
    def currency(self) -> str:
        return self.asked.problem.currency

    def window(self, slot: Slot) -> engine.Window:
        return engine.Window(self.asked.day.seconds(slot.start), self.asked.day.seconds(slot.end))

    def costs(self, visit: engine.Visit, windows: Sequence[engine.Window]) -> Iterable[engine.SlotCost]:
        (there, back), *around = self.asked.also
        return self.standing.costs(replace(visit, zones=self.zones), there, back, windows, around)


_Key = tuple[UUID, UUID, UUID, frozenset[str], UUID | None]


class _Memory:
    """The plans that were prepared last in this process; a shipper's key is the shipper's alone."""

    def __init__(self) -> None:
        self._known: OrderedDict[_Key, _Prepared] = OrderedDict()
        self._lock = Lock()

    def get(self, key: _Key, now: datetime) -> _Prepared | None:
        with self._lock:
            known = self._known.get(key)
        return known if known is not None and timedelta(0) <= now - known.at < FRESH else None

    def put(self, key: _Key, prepared: _Prepared) -> None:
        with self._lock:
            self._known.pop(key, None)
            self._known[key] = prepared
            while len(self._known) > PREPARED_AT_MOST:
                self._known.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._known.clear()


MEMORY = _Memory()


def _prepared(delivery: Delivery, day: date, adr: frozenset[str], now: datetime) -> _Prepared | None:
    if delivery.origin is None:
        return None
    site = lead_of(delivery.origin)
    standing = _plan_of(site, day)
    if standing is None:
        return None
    plan_id, has_it = standing
    on_it = delivery.pk if delivery.pk in has_it else None
    key = (current_shipper().pk, plan_id, delivery.site_id, adr, on_it)
    known = MEMORY.get(key, now)
    if known is None:
        try:
            known = _prepare(plan_by_id(plan_id), delivery, adr, now)
        except CurrenciesMixed:
            return None
        MEMORY.put(key, known)
    return known


def _plan_of(site: Site, day: date) -> tuple[UUID, frozenset[UUID]] | None:
    """The plan that stands, by id, and the deliveries on it."""
    rows = RoutePlan.objects.filter(site=site, day=day)
    plan = rows.filter(state=RoutePlan.State.PUBLISHED).first() or rows.order_by("-version").first()
    if plan is None:
        return None
    return plan.pk, frozenset(plan.routes.values_list("stops__delivery_id", flat=True))


def _prepare(plan: RoutePlan, delivery: Delivery, adr: frozenset[str], now: datetime) -> _Prepared:
    asked = gather(site=plan.site, day=plan.day, now=now, basis=plan, also=(delivery.site, adr))
    routes = _routes(plan, asked, without=delivery.number)
    return _Prepared(
        asked=asked,
        standing=engine.StandingPlan.of_current(asked.problem, routes),
        zones=asked.zones.get(delivery.site_id, frozenset()),
        at=now,
    )


def _routes(plan: RoutePlan, asked: DayProblem, *, without: str) -> list[engine.Current]:
    """The plan's routes that are not under way, without what is no longer agreed."""
    routes = [
        current_of(route, asked.problem, without=without)
        for route in plan.routes.all()
        if route.vehicle.plate in asked.problem.owner_of
    ]
    return [one for one in routes if one.visit_ids]
