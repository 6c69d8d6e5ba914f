"""Setting up a site step by step: what is refused, what a second manager reads, what nobody else reaches."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange
from django.test import Client
from lxml import html

from apps.accounts.models import Membership, Person, Role
from apps.appointments.models import Appointment
from apps.facilities.formsets import week_spans
from apps.facilities.models import (
    Closure,
    Dock,
    DockRule,
    HandlingTime,
    Partnership,
    Reservation,
    Season,
    Site,
    SiteVersion,
)
from apps.portal.site_setup import STEPS
from tests.factories.cast import NOW

CANARY = "Southern's secret"
Typed = dict[str, str | list[str]]


def address(site: Site, step: str) -> str:
    return f"/sites/{site.pk}/setup/{step}/"


def form_of(page) -> Typed:
    """What the page's form would send unchanged."""
    typed: Typed = {}
    for name, value in html.fromstring(page.content).get_element_by_id("setup").form_values():
        if name in typed:
            before = typed[name]
            typed[name] = [*(before if isinstance(before, list) else [before]), value]
        else:
            typed[name] = value
    return typed


@pytest.fixture
def read(rita_at_hub: Client, northern_site: Site) -> Callable[[str], Typed]:
    """The form of one step of Northern's site, as Rita would send it unchanged."""
    return lambda step: form_of(rita_at_hub.get(address(northern_site, step)))


@pytest.fixture
def save(rita_at_hub: Client, northern_site: Site, read):
    """Send a step with changes as Rita; the answer's problems, none when it was saved."""

    def send(step: str, **changes) -> list[str]:
        answer = rita_at_hub.post(address(northern_site, step), read(step) | changes)
        if answer.status_code == 302:
            return []
        refused = answer.context["refused"]
        return [refused.message] if refused else answer.context["problems"]

    return send


def new_rows(typed: Typed, *rows: Typed) -> Typed:
    """The rows after those that are there already."""
    first = int(str(typed["rows-INITIAL_FORMS"]))
    added: Typed = {
        f"rows-{first + n}-{name}": value for n, row in enumerate(rows) for name, value in row.items()
    }
    return added | {"rows-TOTAL_FORMS": str(first + len(rows))}


@pytest.fixture
def add(read, save):
    """Add rows to a step."""
    return lambda step, *rows: save(step, **new_rows(read(step), *rows))


def hours(days, opens, closes, **more) -> Typed:
    return {"days": list(days), "opens": opens, "closes": closes, "dock": "", "load_type": "", **more}


def rule(**more) -> Typed:
    return {"kind": "", "dock": "", "season": "", "limit": "", "values": "", **more}


# Every step ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [step.key for step in STEPS if step.key != "copy"])
def test_a_step_that_is_sent_unchanged_changes_nothing(save, northern_site, step):
    HandlingTime.objects.create(site=northern_site, load_type="bulk", fixed_minutes=5)
    season = Season.objects.create(
        site=northern_site, name="Winter", days=DateRange(date(2026, 6, 1), date(2026, 9, 1))
    )
    DockRule.objects.create(site=northern_site, season=season, kind="equipment", values=["forklift"])
    Closure.objects.create(
        site=northern_site, during=(NOW + timedelta(1), NOW + timedelta(2)), reason="Crane", equipment="crane"
    )

    assert save(step) == []

    northern_site.refresh_from_db()
    assert northern_site.version == 1


@pytest.mark.parametrize("step", [step.key for step in STEPS])
@pytest.mark.parametrize(
    ("email", "status"),
    [("sam@southern.example", 404), ("otto@northern.example", 403), ("nadia@northern.example", 403)],
)
def test_nobody_but_the_sites_managers_reads_or_saves_a_step(
    browse, read, northern_site, email, status, step
):
    client, typed = browse(email), {"version": "1"} if step == "copy" else read(step)

    answers = [client.get(address(northern_site, step)), client.post(address(northern_site, step), typed)]
    tried = client.post(address(northern_site, step), typed | {"try": "1"})

    assert [answer.status_code for answer in (*answers, tried)] == [status] * 3
    assert Site.objects.get(pk=northern_site.pk).version == 1


def test_pages_show_nothing_of_other_recipients(rita_at_hub, northern_site, southern_site):
    Dock.objects.create(site=southern_site, name=CANARY)
    Site.objects.filter(pk=southern_site.pk).update(name=CANARY)
    pages = ["/sites/", "/sites/new/", *(address(northern_site, step.key) for step in STEPS)]

    for page in pages:
        answer = rita_at_hub.get(page)
        assert (page, answer.status_code, CANARY in answer.content.decode()) == (page, 200, False)


def test_another_recipients_dock_season_row_or_site_can_not_be_used(
    add, save, read, southern_site, northern_site
):
    dock, window = southern_site.docks.first(), southern_site.windows.first()
    theirs = DockRule.objects.get(site=southern_site)

    assert add("hours", hours("6", "08:00", "12:00", dock=str(dock.pk))) != []
    assert save("copy", source=str(southern_site.pk), parts=["rules"]) != []
    assert add("rules", rule(id=str(theirs.pk), kind="live_only")) == []

    theirs.refresh_from_db()
    window.refresh_from_db()
    assert (theirs.kind, theirs.site_id, window.opens) == ("max_length", southern_site.pk, time(7))


def test_a_manager_of_one_recipient_who_works_the_gate_of_another_sets_up_the_first_alone(
    browse, southern, southern_site, northern_site
):
    rita = Person.objects.get(email="rita@northern.example")
    Membership.objects.create(person=rita, recipient=southern, role=Role.DOCK_OPERATOR)
    client = browse(rita.email)

    assert client.get(address(southern_site, "place")).status_code == 403
    offered = client.get(address(northern_site, "copy")).context["part"].fields["source"].queryset
    assert list(offered) == []


def test_a_new_site_belongs_to_a_recipient_that_the_person_manages(
    rita_at_hub, otto_at_hub, read, northern, southern
):
    typed = read("place") | {"code": "NH2", "name": "Annexe"}

    refused = rita_at_hub.post("/sites/new/", typed | {"recipient": str(southern.pk)})
    not_allowed = otto_at_hub.post("/sites/new/", typed)
    opened = rita_at_hub.post("/sites/new/", typed)

    assert (refused.status_code, not_allowed.status_code, opened.status_code) == (404, 403, 302)
    assert Site.objects.get(code="NH2").recipient == northern


# What can be typed --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "changes", "problem"),
    [
        (
            "place",
            {"time_zone": "Africa/Jozi"},
            "Time zone: Africa/Jozi is no time zone; an example is Africa/Johannesburg.",
        ),
        ("place", {"latitude": "91"}, "Latitude: Ensure this value is less than or equal to 90."),
        ("place", {"country": "South Africa"}, "Country: Ensure this value has at most 2 characters"),
        ("booking", {"max_lead_time": "3"}, "Has to be more hours before than the latest booking."),
        ("booking", {"min_lead_time": "-1"}, "Write hours from 0 to 8784 (a year)."),
        ("booking", {"vehicles_at_once": "0"}, "At least 1; to take nothing, close the site."),
    ],
)
def test_a_site_that_cannot_be_is_refused_in_words(save, northern_site, step, changes, problem):
    (said,) = save(step, **changes)

    assert problem in said
    assert Site.objects.get(pk=northern_site.pk).version == 1


def test_durations_are_typed_in_hours(save, northern_site):
    assert save("booking", min_lead_time="1.5", max_lead_time="336") == []

    northern_site.refresh_from_db()
    assert (northern_site.min_lead_time, northern_site.max_lead_time) == (
        timedelta(minutes=90),
        timedelta(days=14),
    )


def test_docks_are_switched_off_and_never_deleted(save, northern_site):
    gone = {"rows-1-DELETE": "on", "rows-1-active": []}

    assert save("docks", **gone) == []

    docks = northern_site.docks.order_by("name").values_list("name", "active")
    assert list(docks) == [("Dock 1", True), ("Dock 2", False)]


def test_two_docks_of_one_name_and_names_swapped_are_refused(save, add):
    row = {"name": "Dock 1", "lanes": "1", "direction": "inbound", "rank": "3"}
    row |= {"setup_minutes": "0", "clear_minutes": "0", "active": "on"}

    assert add("docks", row) == ["Row 3 Name: This is there already."]
    swapped = save("docks", **{"rows-0-name": "Dock 2", "rows-1-name": "Dock 1"})
    assert "stand in each other’s way" in swapped[0]


def test_hours_are_typed_once_for_several_days_and_may_run_over_midnight(add, northern_site):
    assert add("hours", hours("67", "22:00", "04:00")) == []

    added = northern_site.windows.filter(weekday__in=(6, 7)).values_list("opens", "closes")
    assert list(added) == [(time(22), time(4))] * 2
    assert northern_site.windows.count() == 7


@pytest.mark.parametrize(
    ("first", "second", "over"),
    [
        (hours("6", "08:00", "12:00"), hours("6", "11:00", "13:00"), "Saturday 08:00–12:00"),
        (hours("6", "22:00", "04:00"), hours("7", "03:00", "05:00"), "Saturday 22:00–04:00"),
        (hours("7", "22:00", "09:00"), hours("7", "08:00", "09:30"), "Sunday 22:00–09:00"),
        (hours("6", "00:00", "00:00"), hours("6", "05:00", "06:00"), "Saturday 00:00–00:00"),
    ],
    ids=["same day", "over midnight", "over Sunday midnight", "the whole day"],
)
def test_hours_that_overlap_are_refused(add, northern_site, first, second, over):
    if over.startswith("Sunday"):
        over, second = "Monday 07:00–15:00", hours("6", "04:00", "05:00")

    assert add("hours", first, second)[0].endswith(f"Overlaps the hours {over}.")
    assert northern_site.windows.count() == 5


def test_hours_that_touch_or_are_for_other_docks_loads_or_seasons_do_not_overlap(add, northern_site, dock):
    season = Season.objects.create(
        site=northern_site, name="Winter", days=DateRange(date(2026, 6, 1), date(2026, 9, 1))
    )
    rows = [
        hours("6", "08:00", "12:00"),
        hours("6", "12:00", "13:00"),
        hours("6", "09:00", "10:00", dock=str(dock.pk)),
        hours("6", "09:00", "10:00", load_type="bulk"),
        hours("6", "09:00", "10:00", season=str(season.pk)),
    ]

    assert add("hours", *rows) == []


def test_hours_that_the_clock_skips_are_said(save, add, rita_at_hub, northern_site):
    assert save("place", time_zone="Europe/Berlin") == []
    assert add("hours", hours("7", "02:00", "03:00"), hours("7", "01:30", "02:00")) == []

    page = rita_at_hub.get(address(northern_site, "hours"))

    assert page.context["skipped"] == [
        f"On {day} the clocks skip 02:00 to 03:00; nothing is received then."
        for day in ("29 March 2026", "28 March 2027")
    ]


def test_week_minutes_of_a_window():
    assert week_spans(1, time(7), time(15)) == [(420, 900)]
    assert week_spans(7, time(22), time(4)) == [(9960, 10080), (0, 240)]


def test_seasons_are_typed_with_their_last_day_and_do_not_lie_over_each_other(add, northern_site):
    winter = {"name": "Winter", "first_day": "2026-06-01", "last_day": "2026-08-31"}
    flu = {"name": "Flu", "first_day": "2026-08-31", "last_day": "2026-09-30"}

    assert add("seasons", winter, flu) == ["Row 2 First day: Lies over Winter."]
    assert add("seasons", winter) == []

    days = northern_site.seasons.get().days
    assert (days.lower, days.upper) == (date(2026, 6, 1), date(2026, 9, 1))


def test_a_closure_is_typed_and_shown_as_the_sites_clock_shows_it(add, read, northern_site, dock):
    row = {"starts": "2026-03-20T12:00", "ends": "2026-03-22T06:00", "reason": "Stocktaking"}
    crane = {"dock": str(dock.pk), "equipment": "crane"}

    assert add("closures", row | crane) == []

    closure = northern_site.closures.get()
    assert (closure.dock, closure.equipment) == (dock, "crane")
    assert (closure.during.lower, closure.during.upper) == (
        datetime(2026, 3, 20, 10, tzinfo=UTC),
        datetime(2026, 3, 22, 4, tzinfo=UTC),
    )
    shown = read("closures")
    assert (shown["rows-0-starts"], shown["rows-0-ends"]) == (row["starts"], row["ends"])


@pytest.mark.parametrize(
    ("zone", "starts", "ends", "problem"),
    [
        ("Africa/Johannesburg", "2026-03-20T12:00", "2026-03-20T12:00", "Has to be later than the start."),
        ("Europe/Berlin", "2026-03-29T02:30", "2026-03-30T12:00", "That time is skipped when the clocks"),
    ],
)
def test_a_closure_that_cannot_be_is_refused_in_words(add, northern_site, zone, starts, ends, problem):
    Site.objects.filter(pk=northern_site.pk).update(time_zone=zone)

    (said,) = add("closures", {"starts": starts, "ends": ends, "reason": "x"})

    assert problem in said


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"kind": "max_length"}, "This rule needs a limit above zero."),
        ({"kind": "max_length", "limit": "-1"}, "This rule needs a limit above zero."),
        ({"kind": "needs_tail_lift", "limit": "3"}, "This rule takes no limit."),
        ({"kind": "max_length", "limit": "9", "values": "frozen"}, "This rule takes no list."),
        ({"kind": "temperature", "values": "cold"}, "cold is not one of ambient, chilled, frozen."),
        ({"kind": "temperature"}, "Name at least one of ambient, chilled, frozen."),
        ({"kind": "vehicle_types", "values": "bike"}, "bike is not one of van, rigid, articulated, drawbar."),
        ({"kind": "adr", "values": "3, 10"}, "10 is no ADR class; write as in 3 or 4.1."),
        ({"kind": "apart", "values": "3, 10"}, "10 is no ADR class; write as in 3 or 4.1."),
    ],
)
def test_a_rule_that_cannot_be_is_refused_in_words(add, typed, problem):
    (said,) = add("rules", rule(**typed))

    assert said.endswith(problem)


def test_a_rule_is_kept_as_numbers_and_names_and_once_per_dock(add, northern_site, dock):
    rows = [
        rule(dock=str(dock.pk), kind="max_height", limit="3.6"),
        rule(kind="temperature", values="Ambient, chilled"),
    ]

    assert add("rules", *rows) == []
    assert add("rules", rule(kind="temperature", values="frozen")) == ["Row 4 Rule: This is there already."]

    kept = northern_site.rules.exclude(kind=DockRule.Kind.MAX_LENGTH).order_by("kind")
    assert [(r.dock, r.kind, r.limit, r.values) for r in kept] == [
        (dock, "max_height", Decimal("3.6"), []),
        (None, "temperature", None, ["ambient", "chilled"]),
    ]


def test_a_row_that_is_marked_is_removed(save, northern_site):
    assert save("rules", **{"rows-0-DELETE": "on"}) == []

    assert northern_site.rules.count() == 0


def test_time_is_reserved_for_partners_alone(add, northern_site, acme, globex):
    Partnership.objects.filter(shipper=globex, recipient=northern_site.recipient).update(active=False)
    row = {"days": ["1", "2"], "opens": "07:00", "closes": "09:00", "dock": "", "lapses_before": "48"}

    assert add("reserved", row | {"shipper": str(globex.pk)}) != []
    assert add("reserved", row | {"shipper": str(acme.pk)}) == []

    kept = Reservation.objects.filter(site=northern_site).values_list("weekday", "shipper", "lapses_before")
    assert sorted(kept) == [(day, acme.pk, timedelta(hours=48)) for day in (1, 2)]


def test_holidays_close_the_site_when_they_are_chosen(rita_at_hub, sam_at_hub, northern_site):
    url = f"/sites/{northern_site.pk}/holidays/"
    friday, no_holiday = ({"version": "1", "days": [day]} for day in ("2026-04-03", "2026-04-04"))

    assert sam_at_hub.post(url, friday).status_code == 404
    rita_at_hub.post(url, no_holiday)
    assert northern_site.closures.count() == 0
    rita_at_hub.post(url, friday)
    rita_at_hub.post(url, {"version": "1", "days": ["2026-04-06"]})  # from a page that is old by now

    assert [closure.reason for closure in northern_site.closures.all()] == ["Good Friday"]


# Two managers -------------------------------------------------------------------------------------


def test_the_second_to_save_reads_what_changed_and_keeps_what_was_typed(rita_at_hub, northern_site, read):
    mine, theirs = read("hours"), read("place")
    rita_at_hub.post(address(northern_site, "place"), theirs | {"gate_instructions": "Gate C."})

    stale = rita_at_hub.post(address(northern_site, "hours"), mine | {"rows-0-opens": "06:30"})

    page = stale.content.decode()
    assert stale.status_code == 409
    assert "Rita Reyes changed Northern Hospital stores meanwhile" in page
    assert "+ Place: Gate: Gate C." in page
    assert not northern_site.windows.filter(opens=time(6, 30)).exists()
    again = rita_at_hub.post(address(northern_site, "hours"), form_of(stale))
    assert again.status_code == 302
    northern_site.refresh_from_db()
    assert northern_site.gate_instructions == "Gate C."
    assert northern_site.windows.filter(opens=time(6, 30)).count() == 5


def test_a_row_that_somebody_removed_meanwhile_is_made_anew_by_saving_on_top(
    rita_at_hub, northern_site, read
):
    mine = read("rules")
    rita_at_hub.post(address(northern_site, "rules"), mine | {"rows-0-DELETE": "on"})

    stale = rita_at_hub.post(address(northern_site, "rules"), mine | {"rows-0-limit": "8"})
    rita_at_hub.post(address(northern_site, "rules"), form_of(stale))

    assert [rule.limit for rule in northern_site.rules.all()] == [Decimal(8)]
    assert list(SiteVersion.objects.filter(site=northern_site).values_list("number", flat=True)) == [3, 2, 1]


# Next week ----------------------------------------------------------------------------------------


def test_next_week_is_shown_with_what_is_typed_and_nothing_is_kept(rita_at_hub, northern_site, read):
    typed = read("hours")
    before = rita_at_hub.get(address(northern_site, "hours")).context["week"]["total"]

    shown = rita_at_hub.post(
        address(northern_site, "hours"),
        typed | new_rows(typed, hours("6", "08:00", "12:00")) | {"try": "1"},
        headers={"HX-Request": "true"},
    )

    saturday = shown.context["week"]["days"][5]
    assert (saturday["starts"] > 0, shown.context["week"]["total"] > before) == (True, True)
    assert b"<html" not in shown.content
    assert northern_site.windows.count() == 5
    assert Site.objects.get(pk=northern_site.pk).version == 1


def test_next_week_says_what_can_not_be_read_and_keeps_it_without_script(rita_at_hub, northern_site, read):
    typed = read("hours") | {"rows-0-opens": "half past", "try": "1"}

    page = rita_at_hub.post(address(northern_site, "hours"), typed)

    assert page.context["not_shown"] == ["Row 1 From: Enter a valid time."]
    assert b"half past" in page.content


def test_rules_that_exclude_everything_are_seen_before_they_are_saved(rita_at_hub, northern_site, read):
    typed = read("rules")
    rows = new_rows(typed, rule(kind="load_types", values="bulk"))

    week = rita_at_hub.post(address(northern_site, "rules"), typed | rows | {"try": "1"}).context["week"]

    assert week["total"] == 0
    assert week["refusals"] == [
        "Northern Hospital stores takes only these load types: bulk; this load is pallets."
    ]


def test_another_row_keeps_what_is_typed(rita_at_hub, northern_site, read):
    typed = read("rules") | {"rows-0-limit": "8.5", "more": "1"}

    page = rita_at_hub.post(address(northern_site, "rules"), typed)

    again = form_of(page)
    assert (again["rows-0-limit"], int(again["rows-TOTAL_FORMS"])) == (
        "8.5",
        int(str(typed["rows-TOTAL_FORMS"])) + 1,
    )


# Another time zone --------------------------------------------------------------------------------


def test_a_site_with_slots_is_not_moved_to_another_clock(save, northern_site, confirmed: Appointment):
    (said,) = save("place", time_zone="Europe/Berlin")

    assert said == (
        "1 slot at Northern Hospital stores is offered or agreed by the clock of Africa/Johannesburg; "
        "the last begins Wed 4 March, 07:00 SAST. Agree on other times, or move the site after it."
    )
    northern_site.refresh_from_db()
    assert (northern_site.time_zone, northern_site.version) == ("Africa/Johannesburg", 1)
    assert Appointment.objects.get(pk=confirmed.pk).during == confirmed.during


def test_a_held_offer_keeps_the_clock_as_well(save, asked: Appointment):
    assert "2 slots at Northern Hospital stores are offered or agreed" in save("place", time_zone="UTC")[0]


def test_a_zone_with_the_same_clock_then_is_let_through(save, northern_site, confirmed: Appointment):
    assert save("place", time_zone="Africa/Harare") == []

    northern_site.refresh_from_db()
    assert northern_site.time_zone == "Africa/Harare"


def test_closures_keep_their_wall_clock_when_the_zone_changes(save, northern_site):
    during = DateTimeTZRange(datetime(2026, 3, 20, 10, tzinfo=UTC), datetime(2026, 3, 20, 12, tzinfo=UTC))
    Closure.objects.create(site=northern_site, during=during, reason="Stocktaking")

    assert save("place", time_zone="Europe/London") == []

    closure = northern_site.closures.get()
    assert closure.during.lower == datetime(2026, 3, 20, 12, tzinfo=UTC)  # noon in London as before in Jozi
