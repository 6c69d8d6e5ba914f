"""The hub's admin: a receiving manager keeps the rules of their own sites, and reaches nobody else's."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.accounts.models import Membership, Role
from apps.facilities.forms import week_spans
from apps.facilities.models import (
    Closure,
    Dock,
    DockRule,
    DocumentRequirement,
    DocumentType,
    HandlingTime,
    Partnership,
    ReceivingWindow,
    Recipient,
    Site,
    Step,
)
from tests.facilities.conftest import CANARY, PREFIXES, site_form

RITA, SAM, OLGA = "rita@northern.example", "sam@southern.example", "olga@network.example"


@pytest.fixture
def rita_at_hub(browse):
    return browse(RITA)


@pytest.fixture
def save(rita_at_hub, northern_site):
    """Send Northern's site page with changes as Rita; answers the messages, none when it was saved."""

    def send(**changes) -> list[str]:
        url = f"/admin/facilities/site/{northern_site.pk}/change/"
        response = rita_at_hub.post(url, site_form(northern_site, **changes))
        if response.status_code == 302:
            return []
        return [message for group in response.context["errors"] for message in group]

    return send


def rows(prefix, *new, kept=(), **management):
    """Formset data: ``kept`` are rows with an id, ``new`` come after them."""
    all_rows = [*kept, *new]
    data = {f"{prefix}-{i}-{name}": value for i, row in enumerate(all_rows) for name, value in row.items()}
    return {
        **data,
        f"{prefix}-TOTAL_FORMS": str(len(all_rows)),
        f"{prefix}-INITIAL_FORMS": str(len(kept)),
        **management,
    }


def window(weekday, opens, closes, **more):
    return {"weekday": str(weekday), "opens": opens, "closes": closes, "dock": "", "load_type": "", **more}


# Who comes in, and how far ----------------------------------------------------------------------


@pytest.mark.parametrize("email", ["otto@northern.example", "nadia@northern.example", "alice@acme.example"])
def test_only_receiving_managers_and_the_operator_come_in(browse, email):
    assert browse(email).get("/admin/", follow=True).status_code == 403


def test_a_manager_of_one_recipient_who_works_the_gate_of_another_manages_the_first_alone(
    browse, rita, southern
):
    Membership.objects.create(person_id=rita.person_id, recipient=southern, role=Role.DOCK_OPERATOR)

    listed = browse(RITA).get("/admin/facilities/site/").context["cl"].result_list

    assert [site.code for site in listed] == ["NH1"]


@pytest.mark.parametrize(
    "page",
    [
        "/admin/",
        "/admin/facilities/site/",
        "/admin/facilities/site/?q=SC1",
        "/admin/facilities/site/add/",
        "/admin/facilities/recipient/",
        "/admin/autocomplete/?app_label=facilities&model_name=dockrule&field_name=site&term=",
        "/admin/autocomplete/?app_label=facilities&model_name=partnership&field_name=recipient&term=",
        "/admin/autocomplete/?app_label=accounts&model_name=membership&field_name=recipient&term=",
        "/admin/search/?s=southern",
    ],
)
def test_pages_show_nothing_of_other_recipients(leaks, rita_at_hub, page):
    response = rita_at_hub.get(page)

    assert response.status_code == 200
    assert CANARY not in response.content.decode()
    assert "Southern Clinic" not in response.content.decode()


@pytest.mark.parametrize("path", ["change", "history", "delete"])
def test_other_recipients_rows_are_not_found_by_their_ids(leaks, rita_at_hub, southern, southern_site, path):
    for model, key in (("site", southern_site.pk), ("recipient", southern.pk)):
        response = rita_at_hub.get(f"/admin/facilities/{model}/{key}/{path}/", follow=True)

        assert CANARY not in response.content.decode()
        assert "Southern Clinic" not in response.content.decode()
        assert response.redirect_chain or response.status_code in {403, 404}


def test_a_shippers_own_site_is_nobodys_at_the_hub(rita_at_hub):
    warehouse = Site.objects.get(code="ACME-DC")

    response = rita_at_hub.get(f"/admin/facilities/site/{warehouse.pk}/change/", follow=True)

    assert "Acme Medical warehouse" not in response.content.decode()


def test_writing_to_another_recipients_site_changes_nothing(rita_at_hub, southern_site):
    url = f"/admin/facilities/site/{southern_site.pk}/change/"

    rita_at_hub.post(url, site_form(southern_site, name="Taken"))

    southern_site.refresh_from_db()
    assert southern_site.name == "Southern Clinic pharmacy"


def test_rows_of_another_recipient_can_not_be_edited_through_ones_own_page(save, southern_site):
    theirs = southern_site.windows.first()
    row = {"id": str(theirs.pk), "site": str(southern_site.pk), **window(7, "01:00", "02:00")}

    messages = save(**rows("windows", kept=[row]))

    theirs.refresh_from_db()
    assert messages
    assert (theirs.weekday, theirs.opens) == (1, time(7))


def test_another_recipients_dock_can_not_be_chosen(save, southern_site):
    foreign = southern_site.docks.first()

    messages = save(**rows("windows", window(6, "08:00", "12:00", dock=str(foreign.pk))))

    assert messages == ["Select a valid choice. That choice is not one of the available choices."]


def test_the_docks_offered_are_those_of_the_site(leaks, rita_at_hub, northern_site):
    page = rita_at_hub.get(f"/admin/facilities/site/{northern_site.pk}/change/")

    formsets = {fs.formset.prefix: fs.formset for fs in page.context["inline_admin_formsets"]}
    for prefix in ("windows", "closures", "rules", "handling_times"):
        offered = formsets[prefix].empty_form.fields["dock"].queryset
        assert [dock.name for dock in offered] == ["Dock 1", "Dock 2"]


def test_a_site_can_not_be_given_to_another_recipient(save, northern_site, northern, southern):
    assert save(recipient=str(southern.pk)) == []

    northern_site.refresh_from_db()
    assert northern_site.recipient == northern


def test_a_new_site_belongs_to_a_recipient_that_the_person_manages(
    rita_at_hub, northern, southern, northern_site
):
    form = site_form(northern_site, code="NH2", name="Annexe")

    refused = rita_at_hub.post("/admin/facilities/site/add/", {**form, "recipient": str(southern.pk)})
    added = rita_at_hub.post("/admin/facilities/site/add/", {**form, "recipient": str(northern.pk)})

    assert (refused.status_code, added.status_code) == (200, 302)
    assert Site.objects.get(code="NH2").recipient == northern


def test_sites_and_docks_are_switched_off_and_never_deleted(rita_at_hub, northern_site, save):
    dock = northern_site.docks.get(name="Dock 2")
    row = {
        "id": str(dock.pk),
        "site": str(northern_site.pk),
        "name": "Dock 2",
        "lanes": "1",
        "direction": "inbound",
    }
    row |= {"rank": "2", "setup_minutes": "0", "clear_minutes": "0", "DELETE": "on"}

    deleted = rita_at_hub.post(f"/admin/facilities/site/{northern_site.pk}/delete/", {"post": "yes"})
    messages = save(**rows("docks", kept=[row]))

    assert (deleted.status_code, messages) == (403, [])
    assert [(d.name, d.active) for d in northern_site.docks.all()] == [("Dock 1", True), ("Dock 2", False)]


# What can be entered ----------------------------------------------------------------------------


def test_a_site_counts_its_changes(save, northern_site):
    before = northern_site.version

    assert save(name="Northern stores") == []

    northern_site.refresh_from_db()
    assert (northern_site.name, northern_site.version) == ("Northern stores", before + 1)


def test_durations_are_typed_in_hours(save, northern_site):
    assert save(min_lead_time="1.5", max_lead_time="336") == []

    northern_site.refresh_from_db()
    assert (northern_site.min_lead_time, northern_site.max_lead_time) == (
        timedelta(minutes=90),
        timedelta(days=14),
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"time_zone": "Africa/Jozi"}, "Africa/Jozi is no time zone; an example is Africa/Johannesburg."),
        ({"max_lead_time": "3"}, "Has to be more hours before than the latest booking."),
        ({"min_lead_time": "-1"}, "Write hours from 0 to 8784 (a year)."),
        ({"latitude": "91"}, "Ensure this value is less than or equal to 90."),
    ],
)
def test_a_site_that_cannot_be_is_refused_in_words(save, changes, message):
    assert save(**changes) == [message]


def test_hours_over_midnight_are_taken_as_they_are_meant(save, northern_site):
    assert save(**rows("windows", window(6, "22:00", "04:00"))) == []

    added = northern_site.windows.get(weekday=6)
    assert (added.opens, added.closes) == (time(22), time(4))


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (
            window(6, "08:00", "12:00"),
            window(6, "11:00", "13:00"),
            "Overlaps the hours Saturday 08:00–12:00.",
        ),
        (
            window(6, "22:00", "04:00"),
            window(7, "03:00", "05:00"),
            "Overlaps the hours Saturday 22:00–04:00.",
        ),
        (window(7, "22:00", "09:00"), window(1, "08:00", "09:30"), "Overlaps the hours Sunday 22:00–09:00."),
        (
            window(6, "00:00", "00:00"),
            window(6, "05:00", "06:00"),
            "Overlaps the hours Saturday 00:00–00:00.",
        ),
    ],
    ids=["same day", "over midnight", "over Sunday midnight", "the whole day"],
)
def test_hours_that_overlap_are_refused(save, northern_site, first, second, message):
    assert save(**rows("windows", first, second)) == [message]
    assert northern_site.windows.count() == 5


def test_hours_that_touch_or_are_for_other_docks_or_loads_do_not_overlap(save, northern_site, dock):
    messages = save(
        **rows(
            "windows",
            window(6, "08:00", "12:00"),
            window(6, "12:00", "13:00"),
            window(6, "09:00", "10:00", dock=str(dock.pk)),
            window(6, "09:00", "10:00", load_type="bulk"),
        )
    )

    assert messages == []


def test_week_minutes_of_a_window():
    assert week_spans(1, time(7), time(15)) == [(420, 900)]
    assert week_spans(7, time(22), time(4)) == [(9960, 10080), (0, 240)]


def test_a_closure_is_typed_as_the_sites_clock_shows_it(save, northern_site):
    row = {"starts": "2026-03-20T12:00", "ends": "2026-03-22T06:00", "dock": "", "reason": "Stocktaking"}

    assert save(**rows("closures", row)) == []

    during = northern_site.closures.get().during
    assert (during.lower, during.upper) == (
        datetime(2026, 3, 20, 10, tzinfo=UTC),
        datetime(2026, 3, 22, 4, tzinfo=UTC),
    )


def test_a_stored_closure_is_shown_in_the_sites_clock(rita_at_hub, northern_site):
    during = DateTimeTZRange(datetime(2026, 3, 20, 10, tzinfo=UTC), datetime(2026, 3, 22, 4, tzinfo=UTC))
    Closure.objects.create(site=northern_site, during=during, reason="Stocktaking")

    page = rita_at_hub.get(f"/admin/facilities/site/{northern_site.pk}/change/").content.decode()

    assert 'value="2026-03-20T12:00"' in page
    assert 'value="2026-03-22T06:00"' in page


@pytest.mark.parametrize(
    ("zone", "starts", "ends", "message"),
    [
        ("Africa/Johannesburg", "2026-03-20T12:00", "2026-03-20T12:00", "Has to be later than the start."),
        (
            "Europe/Berlin",
            "2026-03-29T02:30",
            "2026-03-30T12:00",
            "That time is skipped when the clocks change; choose another.",
        ),
    ],
)
def test_a_closure_that_cannot_be_is_refused_in_words(save, zone, starts, ends, message):
    row = {"starts": starts, "ends": ends, "dock": "", "reason": "x"}

    assert save(time_zone=zone, **rows("closures", row)) == [message]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"kind": "max_length", "limit": ""}, "This rule needs a limit above zero."),
        ({"kind": "max_length", "limit": "-1"}, "This rule needs a limit above zero."),
        ({"kind": "needs_tail_lift", "limit": "3"}, "This rule takes no limit."),
        ({"kind": "max_length", "limit": "9", "values": "frozen"}, "This rule takes no list."),
        ({"kind": "temperature", "values": "cold"}, "cold is not one of ambient, chilled, frozen."),
        ({"kind": "temperature", "values": ""}, "Name at least one of ambient, chilled, frozen."),
        ({"kind": "adr", "values": "3, 10"}, "10 is no ADR class; write as in 3 or 4.1."),
    ],
)
def test_a_dock_rule_that_cannot_be_is_refused_in_words(save, rule, message):
    assert save(**rows("rules", {"dock": "", "limit": "", "values": "", **rule})) == [message]


def test_a_dock_rule_is_kept_as_numbers_and_names(save, northern_site, dock):
    added = rows(
        "rules",
        {"dock": str(dock.pk), "kind": "max_height", "limit": "3.6", "values": ""},
        {"dock": "", "kind": "temperature", "limit": "", "values": "Ambient, chilled"},
    )

    assert save(**added) == []

    kept = northern_site.rules.exclude(kind=DockRule.Kind.MAX_LENGTH).order_by("kind")
    assert [(r.dock, r.kind, r.limit, r.values) for r in kept] == [
        (dock, "max_height", Decimal("3.6"), []),
        (None, "temperature", None, ["ambient", "chilled"]),
    ]


def test_the_same_rule_twice_for_all_docks_is_refused(save):
    twice = {"dock": "", "kind": "live_only", "limit": "", "values": ""}

    assert save(**rows("rules", twice, twice)) == ["This is there already for the same dock."]


def test_the_same_handling_time_twice_for_all_docks_is_refused(save, northern_site):
    row = {
        "dock": "",
        "load_type": "bulk",
        "fixed_minutes": "10",
        "minutes_per_pallet": "1",
        "minutes_per_line": "0",
    }

    assert save(**rows("handling_times", row, row)) == ["This is there already for the same dock."]
    assert HandlingTime.objects.filter(site=northern_site).count() == 1


# Recipients and partnerships --------------------------------------------------------------------


def test_a_manager_keeps_the_contact_of_their_recipient_and_not_its_name(rita_at_hub, northern):
    rita_at_hub.post(
        f"/admin/facilities/recipient/{northern.pk}/change/",
        {
            "name": "Taken",
            "email": "gate@northern.example",
            "phone": "",
            "gln": northern.gln,
            **partnerships(),
        },
    )

    northern.refresh_from_db()
    assert (northern.name, northern.email) == ("Northern Hospital", "gate@northern.example")


def partnerships(*new, **more):
    return rows("partnerships", *new, **more)


def test_a_manager_sees_whom_they_trade_with_and_cannot_change_it(rita_at_hub, northern, acme):
    Partnership.objects.filter(shipper=acme, recipient=northern).delete()
    url = f"/admin/facilities/recipient/{northern.pk}/change/"

    rita_at_hub.post(
        url,
        {"email": "", "phone": "", "gln": "", **partnerships({"shipper": str(acme.pk), "active": "on"})},
    )

    assert "Globex Pharma" in rita_at_hub.get(url).content.decode()
    assert not Partnership.objects.filter(shipper=acme, recipient=northern).exists()


def test_the_operator_adds_recipients_and_partnerships_and_touches_no_site(browse, acme, northern_site):
    olga = browse(OLGA)
    form = {"name": "Eastern Depot", "email": "", "phone": "", "gln": "", "active": "on"}

    added = olga.post(
        "/admin/facilities/recipient/add/",
        {**form, **partnerships({"shipper": str(acme.pk), "active": "on"})},
    )
    sites = olga.get("/admin/facilities/site/")
    site = olga.get(f"/admin/facilities/site/{northern_site.pk}/change/")

    assert added.status_code == 302
    assert Recipient.objects.get(name="Eastern Depot").partnerships.get().shipper == acme
    assert (sites.status_code, site.status_code) == (403, 403)


def test_a_recipient_that_is_not_there_is_not_found(rita_at_hub):
    response = rita_at_hub.get(f"/admin/facilities/recipient/{uuid4()}/change/")

    assert (response.status_code, response.url) == (302, "/admin/")


def test_every_prefix_of_the_page_is_in_the_tests_form(rita_at_hub, northern_site):
    page = rita_at_hub.get(f"/admin/facilities/site/{northern_site.pk}/change/")

    assert [fs.formset.prefix for fs in page.context["inline_admin_formsets"]] == list(PREFIXES)
    assert Dock.objects.filter(site=northern_site).count() == 2
    assert ReceivingWindow.objects.filter(site=northern_site).count() == 5


def test_a_delivery_note_can_not_be_demanded_before_it_exists(northern_site):
    demand = DocumentRequirement(
        site=northern_site,
        document_type=DocumentType.DELIVERY_NOTE,
        step=Step.CONFIRM,
        temperature_class="frozen",
    )

    with pytest.raises(ValidationError, match="issued with the confirmation"):
        demand.full_clean()
