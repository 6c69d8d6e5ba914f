"""A published route goes to carriers one after the other until one takes it, and everything is on record."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.core import mail
from django.db.backends.postgresql.psycopg_any import DateRange

from apps.accounts.actors import Actor
from apps.carriers.models import (
    Carrier,
    Commitment,
    ComplianceDocument,
    EmissionZone,
    ServiceArea,
    Vehicle,
)
from apps.core.errors import PermissionRefused
from apps.custody.models import CustodyEvent
from apps.deliveries.models import Delivery
from apps.facilities.models import Site
from apps.notices.models import Notice
from apps.routing.models import RoutePlan
from apps.routing.services import publish_plan, request_plan
from apps.tenancy import doorway
from apps.tendering.errors import NotTendered, TenderClosed, VehicleUnfit
from apps.tendering.models import Tendering
from apps.tendering.services import (
    accept_tender,
    begin_for_plan,
    call_off,
    decline_tender,
    expire_tenders,
    give_back,
    start_tendering,
)
from apps.tendering.states import ReasonCode
from tests.factories.cast import NOW
from tests.routing.conftest import DAY, RIGID, make_carrier
from tests.tendering.conftest import FIRST, LATER, SECOND, THIRD, Tendered, links_of

DECLINED = ReasonCode.NO_VEHICLE


def history(tendered: Tendered) -> list[tuple[str, str]]:
    rows = tendered.search.events.order_by("id")
    return [(event.tender.carrier.name if event.tender else "", event.to_state) for event in rows]


def planned_events() -> list[str]:
    return [
        event.canonical.decode() for event in CustodyEvent.objects.filter(type="planned").order_by("ordinal")
    ]


def test_the_best_carrier_is_asked_first_and_mailed_a_link(tendered: Tendered) -> None:
    first = tendered.tender(FIRST)

    assert tendered.states == {FIRST: "open", SECOND: "queued", THIRD: "queued"}
    assert (first.price_cents, first.expires_at) == (tendered.route.cost_cents, NOW + timedelta(hours=1))
    assert len(links_of("amber@carriers.example")) == 1
    assert "by your tariff" in str(mail.outbox[-1].body)


def test_accepting_gives_the_route_to_the_carrier_and_takes_the_others_back(
    tendered: Tendered, alice: Actor
) -> None:
    before = len(planned_events())

    accept_tender(actor=alice, tender_id=tendered.tender(FIRST).pk, now=NOW)

    route = tendered.now()
    assert tendered.states == {FIRST: "accepted", SECOND: "withdrawn", THIRD: "withdrawn"}
    assert (tendered.search.state, route.carrier.name) == ("assigned", FIRST)
    assert route.driver is not None
    assert len(planned_events()) == before  # nothing changed, so nobody is told again


def test_a_decline_asks_the_next_and_its_acceptance_changes_the_plan(
    tendered: Tendered, alice: Actor, drain: Callable[[], int]
) -> None:
    dearer = tendered.tender(SECOND).price_cents
    decline_tender(actor=alice, tender_id=tendered.tender(FIRST).pk, reason=DECLINED, now=NOW)
    drain()
    between = tendered.states

    accept_tender(actor=alice, tender_id=tendered.tender(SECOND).pk, now=NOW)

    route = tendered.now()
    plan = RoutePlan.objects.get(pk=tendered.plan.pk)
    assert between == {FIRST: "declined", SECOND: "open", THIRD: "queued"}
    assert (route.carrier.name, route.cost_cents, plan.cost_cents) == (SECOND, dearer, dearer)
    assert route.driver is not None
    assert route.driver.name == f"{SECOND} Driver"
    assert f'"carrier":"{SECOND}"' in planned_events()[-1]
    assert len(links_of("basal@carriers.example")) == 1
    assert history(tendered) == [
        ("", "open"),
        (FIRST, "open"),
        (FIRST, "declined"),
        (SECOND, "open"),
        (SECOND, "accepted"),
        (THIRD, "withdrawn"),
        ("", "assigned"),
    ]


def test_silence_asks_the_next_until_nobody_is_left_and_planners_hear_what_would_work(
    tendered: Tendered, alice: Actor, drain: Callable[[], int]
) -> None:
    too_early = expire_tenders(now=NOW)
    first = expire_tenders(now=LATER)
    decline_tender(actor=alice, tender_id=tendered.tender(SECOND).pk, reason=ReasonCode.PRICE, now=LATER)
    last = expire_tenders(now=LATER + timedelta(minutes=61))
    drain()

    with doorway.network():
        told = Notice.objects.filter(person__email="alice@acme.example", title__contains="no carrier").get()
    assert (too_early, first, last) == (0, 1, 1)
    assert tendered.states == {FIRST: "expired", SECOND: "declined", THIRD: "expired"}
    assert tendered.search.state == "uncovered"
    assert f"Call {FIRST}, {THIRD}: no answer came in time." in told.body
    assert f"Agree on another price with {SECOND}" in told.body
    assert tendered.now().carrier.name == FIRST  # the plan stays as it was published


def test_a_tender_that_ran_out_is_not_accepted_even_before_it_is_swept(
    tendered: Tendered, alice: Actor
) -> None:
    with pytest.raises(TenderClosed):
        accept_tender(actor=alice, tender_id=tendered.tender(FIRST).pk, now=LATER)

    assert tendered.states[FIRST] == "open"


def test_one_who_only_reads_answers_for_nobody(tendered: Tendered, arthur: Actor, bob: Actor) -> None:
    for stranger in (arthur, bob):
        with pytest.raises(PermissionRefused):
            accept_tender(actor=stranger, tender_id=tendered.tender(FIRST).pk, now=NOW)


def test_own_fleet_is_never_asked(draft: RoutePlan, alice: Actor, drain: Callable[[], int]) -> None:
    Carrier.objects.filter(name=FIRST).update(own_fleet=True)

    publish_plan(actor=alice, plan_id=draft.pk, now=NOW)
    drain()

    assert not Tendering.objects.exists()


def test_own_fleet_takes_what_others_decline(tendered: Tendered, alice: Actor) -> None:
    Carrier.objects.filter(name=SECOND).update(own_fleet=True)

    decline_tender(actor=alice, tender_id=tendered.tender(FIRST).pk, reason=DECLINED, now=NOW)

    assert tendered.states == {FIRST: "declined", SECOND: "accepted", THIRD: "withdrawn"}
    assert tendered.now().carrier.name == SECOND


def test_who_cannot_drive_the_route_is_not_asked_and_the_search_says_why(
    draft: RoutePlan, northern_site: Site, alice: Actor, drain: Callable[[], int]
) -> None:
    second, third = (Carrier.objects.get(name=name) for name in (SECOND, THIRD))
    ComplianceDocument.objects.create(carrier=second, kind="insurance", valid_until=date(2026, 1, 31))
    ServiceArea.objects.create(carrier=third, country="BW")
    make_carrier("Dune Trucks", {**RIGID, "capacity_pallets": 2}, per_route=1)
    make_carrier("Ember Haul", {**RIGID, "length_m": 14}, per_route=1)
    make_carrier("Flint Freight", RIGID, per_route=1, cap=0)

    plan = publish_plan(actor=alice, plan_id=draft.pk, now=NOW)
    drain()

    tendered = Tendered(plan, plan.routes.get())
    reasons = tendered.search.left_out
    assert list(tendered.states) == ["Ember Haul", FIRST]
    assert "Goods-in-transit insurance of Basalt Freight lapsed on 31 January 2026." in reasons
    assert f"Cobalt Cargo does not drive to {northern_site.name}." in reasons
    assert "DUN1 has room for 2 pallets; the route carries 3." in reasons
    assert "Flint Freight takes at most 0 routes a day and has 0." in reasons


def test_whom_more_was_promised_than_given_is_asked_before_the_cheaper(
    draft: RoutePlan, alice: Actor, drain: Callable[[], int]
) -> None:
    Commitment.objects.create(
        carrier=Carrier.objects.get(name=THIRD),
        valid=DateRange(None, None),
        period="week",
        measure="routes",
        at_least=1,
    )

    plan = publish_plan(actor=alice, plan_id=draft.pk, now=NOW)
    drain()

    tendered = Tendered(plan, plan.routes.get())
    assert list(tendered.states) == [THIRD, FIRST, SECOND]
    assert "Promised 1 routes each week, given 0 so far." in tendered.tender(THIRD).reasons


def test_a_carrier_that_lapsed_meanwhile_is_passed_over(tendered: Tendered, alice: Actor) -> None:
    ComplianceDocument.objects.create(
        carrier=Carrier.objects.get(name=SECOND), kind="insurance", valid_until=DAY - timedelta(days=1)
    )

    decline_tender(actor=alice, tender_id=tendered.tender(FIRST).pk, reason=DECLINED, now=NOW)

    assert tendered.states == {FIRST: "declined", SECOND: "passed", THIRD: "open"}


def test_another_vehicle_of_the_carrier_may_be_named_if_it_fits(tendered: Tendered, alice: Actor) -> None:
    carrier = Carrier.objects.get(name=FIRST)
    small = Vehicle.objects.create(carrier=carrier, plate="SMALL", **{**RIGID, "capacity_pallets": 1})
    other = Vehicle.objects.create(carrier=carrier, plate="OTHER", **RIGID)
    foreign = Vehicle.objects.get(carrier__name=SECOND)
    first = tendered.tender(FIRST).pk
    for unfit in (small, foreign):
        with pytest.raises(VehicleUnfit):
            accept_tender(actor=alice, tender_id=first, vehicle_id=unfit.pk, now=NOW)

    accept_tender(actor=alice, tender_id=first, vehicle_id=other.pk, now=NOW)

    assert tendered.now().vehicle.plate == "OTHER"
    assert '"vehicle":"OTHER"' in planned_events()[-1]


def test_a_search_is_called_off_once_and_begun_again_as_a_broadcast(tendered: Tendered, alice: Actor) -> None:
    with pytest.raises(NotTendered):
        start_tendering(actor=alice, route_id=tendered.route.pk, mode=Tendering.Mode.BROADCAST, now=NOW)
    call_off(actor=alice, tendering_id=tendered.search.pk, now=NOW)
    called_off = tendered.states

    start_tendering(actor=alice, route_id=tendered.route.pk, mode=Tendering.Mode.BROADCAST, now=NOW)

    assert set(called_off.values()) == {"withdrawn"}
    assert (tendered.search.number, tendered.states) == (2, dict.fromkeys((FIRST, SECOND, THIRD), "open"))
    accept_tender(actor=alice, tender_id=tendered.tender(SECOND).pk, now=NOW)
    assert tendered.states == {FIRST: "withdrawn", SECOND: "accepted", THIRD: "withdrawn"}
    with pytest.raises(TenderClosed):
        accept_tender(actor=alice, tender_id=tendered.tender(THIRD).pk, now=NOW)


def test_a_route_given_back_goes_to_the_others(tendered: Tendered, alice: Actor) -> None:
    first = tendered.tender(FIRST)
    accept_tender(actor=alice, tender_id=first.pk, now=NOW)

    give_back(actor=alice, tender_id=first.pk, reason=ReasonCode.BREAKDOWN, now=NOW)

    first.refresh_from_db()
    assert (first.state, first.tendering.state) == ("returned", "uncovered")
    assert tendered.states == {SECOND: "open", THIRD: "queued"}


def test_a_plan_says_who_did_not_take_its_route_until_somebody_does(tendered: Tendered, alice: Actor) -> None:
    def said() -> list[str]:
        return [one.sentence for one in tendered.plan.disruptions.filter(settled_at=None)]

    decline_tender(actor=alice, tender_id=tendered.tender(FIRST).pk, reason=DECLINED, now=NOW)
    while_asking = said()
    expire_tenders(now=LATER)
    expire_tenders(now=LATER + timedelta(minutes=61))
    nobody = said()
    start_tendering(actor=alice, route_id=tendered.route.pk, mode=Tendering.Mode.WATERFALL, now=NOW)
    accept_tender(actor=alice, tender_id=tendered.tender(FIRST).pk, now=NOW)
    taken = said()
    give_back(actor=alice, tender_id=tendered.tender(FIRST).pk, reason=ReasonCode.BREAKDOWN, now=NOW)

    assert (while_asking, taken) == ([], [])
    assert nobody == [
        f"{FIRST} declined route 1 (AMB1).",
        f"{SECOND} did not answer for route 1 (BAS1).",
        f"{THIRD} did not answer for route 1 (COB1).",
    ]
    assert said() == [f"{FIRST} gave back route 1 (AMB1)."]


def test_a_search_goes_on_for_the_same_route_of_a_new_plan_and_ends_for_another(
    tendered: Tendered, warehouse: object, alice: Actor, drain: Callable[[], int]
) -> None:
    accept_tender(actor=alice, tender_id=tendered.tender(FIRST).pk, now=NOW)

    def publish_anew() -> RoutePlan:
        request_plan(actor=alice, site=tendered.plan.site, day=DAY, now=NOW)
        drain()
        newest = RoutePlan.objects.order_by("-version")[0]
        publish_plan(actor=alice, plan_id=newest.pk, now=NOW)
        drain()
        return newest

    same = publish_anew()
    carried = Tendering.objects.get()
    states = [(carried.route.plan_id, carried.state)]
    Vehicle.objects.filter(carrier__name=FIRST).update(active=False)
    other = publish_anew()

    carried.refresh_from_db()
    states += [(carried.route.plan_id, carried.state)]
    assert states == [(same.pk, "assigned"), (same.pk, "withdrawn")]
    assert Tendering.objects.get(route__plan=other).tenders.get(rank=1).carrier.name == SECOND


def test_beginning_twice_for_a_plan_asks_nobody_twice(tendered: Tendered) -> None:
    begin_for_plan(plan_id=tendered.plan.pk, now=NOW)

    assert Tendering.objects.count() == 1


@pytest.fixture
def tender_past_the_zone(
    carriers: dict[str, Carrier],
    southern_site: Site,
    order: Callable[..., Delivery],
    agree: Callable[..., Delivery],
    planned: Callable[[], RoutePlan],
    alice: Actor,
    in_between: EmissionZone,
    drain: Callable[[], int],
) -> Callable[..., Tendering]:
    """``tender_past_the_zone(planned_with, second)``: the day is planned with vehicles of one emission class;
    those of the second carrier turn out to be of another before the route is tendered."""

    def make(planned_with: str, second: str) -> Tendering:
        Vehicle.objects.update(emission_class=planned_with)
        agree(order(southern_site), "Dock 1", "09:00")
        draft = planned()
        Vehicle.objects.filter(carrier=carriers[SECOND]).update(emission_class=second)
        plan = publish_plan(actor=alice, plan_id=draft.pk, now=NOW)
        drain()
        return plan.routes.get().tenderings.get()

    return make


def asked_in(tendering: Tendering) -> set[str]:
    return set(tendering.tenders.values_list("carrier__name", flat=True))


def test_a_vehicle_that_may_not_drive_where_the_route_leads_is_not_asked(
    tender_past_the_zone: Callable[..., Tendering], warehouse: Site, southern_site: Site
) -> None:
    tendering = tender_past_the_zone("euro_6", second="euro_3")

    assert asked_in(tendering) == {FIRST, THIRD}
    there, back = [one for one in tendering.left_out if "In between" in one]
    assert "the plan has no time for a way around" in there
    assert f"from {warehouse.name} to {southern_site.name}" in there
    assert f"from {southern_site.name} to {warehouse.name}" in back


def test_a_route_that_is_driven_around_a_zone_may_be_taken_by_any_vehicle(
    tender_past_the_zone: Callable[..., Tendering],
) -> None:
    tendering = tender_past_the_zone("euro_3", second="euro_3")

    assert asked_in(tendering) == {FIRST, SECOND, THIRD}
