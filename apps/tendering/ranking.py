"""Whom to ask for a route, in which order and why: price weighed by the score, commitments first."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from apps.carriers.models import Carrier, Commitment, Tariff, Vehicle
from apps.carriers.selectors import carriers_with_facts, tariff_on
from apps.routing.engine.tariffs import price
from apps.routing.fleet import priced
from apps.routing.models import Route
from apps.routing.volumes import Standing, routes_on, standings
from apps.tendering.needs import Needs, against_carrier, against_vehicle, busy_vehicles, needs_of
from apps.tendering.scorecards import Scorecard, scorecards

DOUBT = 0.2
"""A carrier that never kept its word would count as so much dearer than it is."""
UNTRIED = 0.9
"""The score of a carrier with too little history to have one."""
Measure = Commitment.Measure


@dataclass(frozen=True)
class Candidate:
    """A carrier that can drive the route with ``vehicle``, what it charges, and how it was ranked."""

    carrier: Carrier
    vehicle: Vehicle
    cost_parts: dict[str, int]
    weighed_cents: int
    is_behind: bool
    reasons: tuple[str, ...]

    @property
    def price_cents(self) -> int:
        return sum(self.cost_parts.values())


@dataclass(frozen=True)
class Candidates:
    """Who can be asked, the best first, and a sentence for each reason why others can't."""

    ranked: tuple[Candidate, ...]
    left_out: tuple[str, ...]


def candidates_for(route: Route, *, now: datetime, but_not: Iterable[UUID] = ()) -> Candidates:
    """Every carrier that can drive ``route`` as it is planned, ranked; ``but_not`` are carriers to skip.

    Of each carrier, its cheapest vehicle that fits and is free. Who is behind a commitment comes first, then
    by ``price x (1 + 0.2 x (1 - score))``, then by name. Some thirty queries, however many carriers.
    """
    needs = needs_of(route)
    skipped = set(but_not)
    carriers = [one for one in carriers_with_facts().order_by("name") if one.pk not in skipped and one.active]
    cards = scorecards([carrier.pk for carrier in carriers], now=now)
    stands = standings(carriers, needs.day.day, without=route.pk)
    given = routes_on(needs.day.day, without=route.pk)
    busy = busy_vehicles(needs.day.day, without=route.pk)
    ranked, left_out = [], []
    for carrier in carriers:
        against = against_carrier(needs, carrier) + _beyond(needs, carrier, stands[carrier.pk], given)
        candidate = None
        if not against:
            candidate, against = _with_best_vehicle(
                needs, carrier, busy, cards[carrier.pk], stands[carrier.pk]
            )
        if candidate is None:
            left_out += against
        else:
            ranked.append(candidate)
    ranked.sort(key=lambda one: (not one.is_behind, one.weighed_cents, one.carrier.name))
    return Candidates(tuple(ranked), tuple(left_out))


def _with_best_vehicle(
    needs: Needs, carrier: Carrier, busy: frozenset[UUID], card: Scorecard, stands: list[Standing]
) -> tuple[Candidate | None, list[str]]:
    fitting: list[tuple[int, str, Vehicle, dict[str, int]]] = []
    against: list[str] = []
    for vehicle in (one for one in carrier.vehicles.all() if one.active):
        tariff = tariff_on(carrier, vehicle.vehicle_class, needs.day.day)
        if tariff is None or tariff.currency != needs.route.plan.currency:
            against.append(
                _("%(carrier)s has no tariff in %(currency)s for “%(class)s” on this day.")
                % {
                    "carrier": carrier.name,
                    "currency": needs.route.plan.currency,
                    "class": vehicle.get_vehicle_class_display(),
                }
            )
            continue
        refused = against_vehicle(needs, vehicle, busy)
        if refused:
            against += refused
            continue
        parts = cost_parts(needs, vehicle, tariff)
        fitting.append((sum(parts.values()), vehicle.plate, vehicle, parts))
    if not fitting:
        return None, list(dict.fromkeys(against))
    _cents, _plate, vehicle, parts = min(fitting, key=lambda one: one[:2])
    return _ranked(carrier, vehicle, parts, card, stands, needs.route.plan.currency), []


def cost_parts(needs: Needs, vehicle: Vehicle, tariff: Tariff) -> dict[str, int]:
    """What the route costs with that vehicle, part by part in cents; as planned where it was planned."""
    route = needs.route
    if vehicle.pk == route.vehicle_id and route.cost_parts:
        return {name: int(cents) for name, cents in route.cost_parts.items()}
    seconds = int((route.returns_at - route.departs_at) / timedelta(seconds=1))
    charged = price(
        priced(tariff),
        metres=route.distance_m,
        seconds=seconds,
        stops=len(needs.visits),
        pallets=needs.pallets,
        waiting=_waiting_seconds(route),
    )
    return asdict(charged)


def _waiting_seconds(route: Route) -> int:
    spans = (
        datetime.fromisoformat(one["end"]) - datetime.fromisoformat(one["start"])
        for one in route.segments
        if one["activity"] == "wait"
    )
    return int(sum(spans, timedelta()) / timedelta(seconds=1))


def _ranked(
    carrier: Carrier,
    vehicle: Vehicle,
    parts: dict[str, int],
    card: Scorecard,
    stands: list[Standing],
    currency: str,
) -> Candidate:
    cents = sum(parts.values())
    score = card.score
    weighed = round(cents * (1 + DOUBT * (1 - (UNTRIED if score is None else score))))
    behind = [standing for standing in stands if standing.is_behind]
    reasons = [_("%(price)s by its tariff.") % {"price": f"{currency} {cents / 100:,.2f}"}]
    if score is None:
        reasons.append(_("Too little history for a score."))
    else:
        reasons.append(_("Score %(score)d of 100 over the last 90 days.") % {"score": round(100 * score)})
    reasons += [_behind_in_words(standing) for standing in behind]
    return Candidate(carrier, vehicle, parts, weighed, bool(behind), tuple(reasons))


def _behind_in_words(standing: Standing) -> str:
    one = standing.commitment
    return _("Promised %(least)s %(measure)s each %(period)s, given %(used)s so far.") % {
        "least": one.at_least,
        "measure": one.get_measure_display().lower(),
        "period": one.get_period_display().lower(),
        "used": f"{standing.used:.0f}",
    }


def _beyond(needs: Needs, carrier: Carrier, stands: list[Standing], given: dict[UUID, int]) -> list[str]:
    """Caps that one more route would exceed."""
    adds: dict[str, float] = {Measure.ROUTES: 1, Measure.PALLETS: needs.pallets, Measure.SHARE: 0.01}
    found = [
        _("%(carrier)s takes at most %(most)s %(measure)s each %(period)s and has %(used)s.")
        % {
            "carrier": carrier.name,
            "most": standing.commitment.at_most,
            "measure": standing.commitment.get_measure_display().lower(),
            "period": standing.commitment.get_period_display().lower(),
            "used": f"{standing.used:.0f}",
        }
        for standing in stands
        if standing.would_exceed(adds[standing.commitment.measure])
    ]
    cap, has = carrier.routes_per_day, given.get(carrier.pk, 0)
    if cap is not None and has >= cap:
        found.append(
            _("%(carrier)s takes at most %(most)s routes a day and has %(used)s.")
            % {"carrier": carrier.name, "most": cap, "used": has}
        )
    return found
