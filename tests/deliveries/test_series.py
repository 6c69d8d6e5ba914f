"""Standing appointments: negotiated once, kept ahead, skipped on closures, taken by deliveries, given up."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.accounts.actors import Actor
from apps.appointments.load import Load
from apps.appointments.models import (
    Appointment,
    AppointmentEvent,
    DockOccupancy,
    StandingAppointment,
    StandingVisit,
)
from apps.appointments.recurrence import occurrences, read, weekly
from apps.appointments.services.errors import AppointmentNotFound, NoPartnership, NotYourTurn
from apps.appointments.services.standing import (
    SeriesRefused,
    Terms,
    accept_standing,
    counter_standing,
    decline_standing,
    end_standing,
    propose_standing,
    skip_visit,
)
from apps.core.errors import IllegalTransition, PermissionRefused
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.facilities.models import Closure, Site
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.deliveries.conftest import DAY, order_file
from tests.factories.cast import NOW

WEDNESDAYS = Terms(weekdays=(3,), every=1, starts=time(9), first_day=DAY)


@pytest.fixture
def series(acme: Shipper, alice: Actor, northern_site: Site) -> StandingAppointment:
    """Acme proposes to come on Wednesdays at nine with three pallets."""
    with doorway.enter_shipper(acme):
        return propose_standing(
            actor=alice,
            site=northern_site,
            shipper_id=acme.pk,
            terms=WEDNESDAYS,
            load=Load(pallets=3),
            now=NOW,
            message="The weekly order.",
        )


@pytest.fixture
def agreed(series: StandingAppointment, rita: Actor) -> StandingAppointment:
    with doorway.network():
        return accept_standing(actor=rita, standing_id=series.pk, now=NOW)


@pytest.fixture
def order(acme: Shipper, alice: Actor) -> Callable[..., Delivery]:
    """``order(pallets=2)``: a delivery of Acme's to Northern on DAY."""

    def make(pallets: int = 2) -> Delivery:
        content = order_file(f"S-1,PO-1,NH1,{DAY},1,Gel,1,pack,,80,{pallets}")
        with doorway.enter_shipper(acme):
            services.import_orders(actor=alice, file_name="s.csv", content=content, now=NOW)
            return services.group_consignments(actor=alice, now=NOW)[0]

    return make


def run(moment: datetime = NOW) -> int:
    with doorway.network():
        return services.run_series(now=moment)


def visits() -> list[tuple[str, str]]:
    with doorway.network():
        return [(f"{visit.day:%d %b}", visit.state) for visit in StandingVisit.objects.order_by("day", "id")]


def blocks() -> list[str]:
    with doorway.network():
        rows = DockOccupancy.objects.filter(kind="block").order_by("during")
        return [f"{row.during.lower.astimezone(ZoneInfo('Africa/Johannesburg')):%d %b %H:%M}" for row in rows]


def test_a_rule_is_read_as_it_was_written_and_counts_weeks_from_its_first_day():
    rule = weekly([5, 1, 1], every=2)
    days = occurrences(
        rule,
        first_day=date(2026, 3, 2),
        last_day=date(2026, 3, 30),
        start=date(2026, 3, 4),
        end=date(2026, 5, 1),
    )

    assert (rule, read(rule)) == ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", ((1, 5), 2))
    assert [f"{day:%d %b}" for day in days] == ["06 Mar", "16 Mar", "20 Mar", "30 Mar"]


@pytest.mark.parametrize(("days", "every"), [((), 1), ((0,), 1), ((8,), 1), ((1,), 0), ((1,), 9)])
def test_a_rule_that_makes_no_sense_is_none(days, every):
    with pytest.raises(ValueError):
        weekly(days, every)


def test_an_agreed_series_keeps_its_days_ahead_once(agreed):
    first, second = run(), run()

    assert (first, second) == (0, 0)
    assert visits() == [("04 Mar", "kept"), ("11 Mar", "kept"), ("18 Mar", "kept"), ("25 Mar", "kept")]
    assert blocks() == ["04 Mar 09:00", "11 Mar 09:00", "18 Mar 09:00", "25 Mar 09:00"]


def test_nothing_is_kept_before_it_is_agreed(series):
    run()

    assert visits() == []


def test_a_closure_is_skipped_and_says_so(agreed, northern_site):
    zone = ZoneInfo(northern_site.time_zone)
    start = datetime(2026, 3, 11, tzinfo=zone)
    with doorway.network():
        Closure.objects.create(
            site=northern_site, during=DateTimeTZRange(start, start + timedelta(days=1)), reason="Stocktaking"
        )

    run()

    assert visits()[1] == ("11 Mar", "skipped")
    with doorway.network():
        assert "Stocktaking" in StandingVisit.objects.get(day=date(2026, 3, 11)).reason


def test_a_delivery_of_that_day_takes_what_is_kept(agreed, order, acme):
    run()
    delivery = order()

    assert run() == 1

    with doorway.enter_shipper(acme):
        appointment = Appointment.objects.get(delivery_id=delivery.pk)
        steps = AppointmentEvent.objects.filter(appointment=appointment).order_by("id")
        told = list(steps.values_list("step", "side", "means"))
    local = appointment.during.lower.astimezone(ZoneInfo("Africa/Johannesburg"))
    assert (f"{local:%d %b %H:%M}", appointment.state) == ("04 Mar 09:00", "confirmed")
    assert told == [("offered", "shipper", "policy"), ("confirmed", "recipient", "policy")]
    assert visits()[0] == ("04 Mar", "booked")
    assert blocks() == ["11 Mar 09:00", "18 Mar 09:00", "25 Mar 09:00"]


def test_a_delivery_that_does_not_fit_leaves_it_kept_and_says_why(agreed, order, acme, rita, dock):
    run()
    with doorway.network():
        row = DockOccupancy.objects.filter(kind="block").order_by("during")[0]
        after = DateTimeTZRange(row.during.upper, row.during.upper + timedelta(hours=5))
        DockOccupancy.objects.create(dock=row.dock, lane=row.lane, during=after, kind="block", note="Crane")
    order(pallets=40)

    assert run() == 0

    assert visits()[0] == ("04 Mar", "kept")
    assert blocks()[0] == "04 Mar 09:00"
    with doorway.network():
        assert "doesn’t fit" in StandingVisit.objects.get(day=DAY).reason


def test_what_no_delivery_took_is_given_up_before_the_lead_time(agreed, northern_site):
    run()

    run(datetime(2026, 3, 4, 4, tzinfo=ZoneInfo("UTC")))

    assert visits()[0] == ("04 Mar", "lapsed")
    assert blocks()[0] == "11 Mar 09:00"


def test_either_side_leaves_out_one_day_and_the_series_goes_on(agreed, acme, alice):
    run()
    with doorway.network():
        visit = StandingVisit.objects.get(day=date(2026, 3, 11))

    with doorway.enter_shipper(acme):
        skip_visit(actor=alice, visit_id=visit.pk, now=NOW, message="Holiday")
    run()

    assert visits()[1] == ("11 Mar", "skipped")
    assert blocks() == ["04 Mar 09:00", "18 Mar 09:00", "25 Mar 09:00"]


def test_other_terms_for_the_series_stand_when_they_are_agreed_and_not_before(
    agreed, acme, alice, rita, northern_site
):
    run()
    with doorway.network():
        changed = propose_standing(
            actor=rita,
            site=northern_site,
            shipper_id=acme.pk,
            terms=Terms(weekdays=(4,), every=1, starts=time(10), first_day=DAY),
            load=agreed.load,
            now=NOW,
            replaces=agreed,
        )
        with pytest.raises(IllegalTransition):
            propose_standing(
                actor=rita,
                site=northern_site,
                shipper_id=acme.pk,
                terms=WEDNESDAYS,
                load=agreed.load,
                now=NOW,
                replaces=agreed,
            )
    run()
    before = blocks()
    with doorway.enter_shipper(acme):
        accept_standing(actor=alice, standing_id=changed.pk, now=NOW)
    run()

    assert before == ["04 Mar 09:00", "11 Mar 09:00", "18 Mar 09:00", "25 Mar 09:00"]
    assert blocks() == ["05 Mar 10:00", "12 Mar 10:00", "19 Mar 10:00", "26 Mar 10:00"]
    with doorway.network():
        assert StandingAppointment.objects.get(pk=agreed.pk).state == "ended"


def test_it_is_negotiated_by_turns_and_both_are_told(series, acme, alice, rita, drain):
    with doorway.enter_shipper(acme), pytest.raises(NotYourTurn):
        accept_standing(actor=alice, standing_id=series.pk, now=NOW)
    with doorway.network():
        counter_standing(
            actor=rita,
            standing_id=series.pk,
            terms=Terms(weekdays=(3,), every=2, starts=time(11), first_day=DAY),
            now=NOW,
            message="Every second week.",
        )
        with pytest.raises(NotYourTurn):
            accept_standing(actor=rita, standing_id=series.pk, now=NOW)
    with doorway.enter_shipper(acme):
        accept_standing(actor=alice, standing_id=series.pk, now=NOW)
        with pytest.raises(IllegalTransition):
            accept_standing(actor=alice, standing_id=series.pk, now=NOW)
    drain()

    with doorway.network():
        history = list(series.events.values_list("step", "side"))
    assert history == [("proposed", "shipper"), ("countered", "recipient"), ("agreed", "shipper")]
    assert {each.subject for each in mail.outbox} == {
        "Alice Adams proposed a standing appointment: Northern Hospital stores",
        "Rita Reyes proposed other terms of a standing appointment: Northern Hospital stores",
        "Alice Adams agreed to a standing appointment: Northern Hospital stores",
    }


def test_a_declined_or_ended_series_keeps_nothing(series, agreed, acme, alice, rita):
    run()

    with doorway.enter_shipper(acme):
        end_standing(actor=alice, standing_id=series.pk, now=NOW)

    assert blocks() == []
    with doorway.network(), pytest.raises(IllegalTransition):
        decline_standing(actor=rita, standing_id=series.pk, now=NOW)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"weekdays": ()}, "weekdays"),
        ({"every": 9}, "weekdays"),
        ({"first_day": date(2026, 3, 1)}, "first_day"),
        ({"last_day": date(2026, 3, 3)}, "last_day"),
    ],
)
def test_terms_that_make_no_sense_are_refused(acme, alice, northern_site, change, field):
    terms = Terms(**({**vars(WEDNESDAYS), **change}))
    with doorway.enter_shipper(acme), pytest.raises(SeriesRefused) as refused:
        propose_standing(
            actor=alice,
            site=northern_site,
            shipper_id=acme.pk,
            terms=terms,
            load=Load(pallets=3),
            now=NOW,
        )

    assert refused.value.details["field"] == field


def test_nobody_else_reads_or_changes_it(agreed, globex, bob, sam, otto, acme, southern_site):
    run()
    with doorway.network():
        visit = StandingVisit.objects.first()
        for actor in (sam, otto):
            with pytest.raises(PermissionRefused):
                end_standing(actor=actor, standing_id=agreed.pk, now=NOW)
            with pytest.raises(PermissionRefused):
                skip_visit(actor=actor, visit_id=visit.pk, now=NOW)
        with pytest.raises(NoPartnership):
            propose_standing(
                actor=sam,
                site=southern_site,
                shipper_id=globex.pk,
                terms=WEDNESDAYS,
                load=Load(pallets=3),
                now=NOW,
            )
    with doorway.enter_shipper(globex):
        assert not StandingAppointment.objects.exists()
        assert not StandingVisit.objects.exists()
        with pytest.raises(AppointmentNotFound):
            end_standing(actor=bob, standing_id=agreed.pk, now=NOW)
