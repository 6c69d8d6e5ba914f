"""The desk's admin: a shipper's planners manage their own carriers, and nobody sees another's."""

from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from apps.carriers.models import Carrier, ComplianceDocument, Tariff, Vehicle
from apps.carriers.selectors import day_here
from apps.carriers.usability import written
from tests.carriers.conftest import CARRIER, DRIVER, TARIFF, VEHICLE, VEHICLE_FACTS

ALICE, BOB = "alice@acme.example", "bob@globex.example"
PAGES = [
    "/admin/",
    "/admin/carriers/",
    "/admin/carriers/carrier/",
    "/admin/carriers/carrier/add/",
    f"/admin/carriers/carrier/{CARRIER}/change/",
    f"/admin/carriers/carrier/{CARRIER}/history/",
    f"/admin/carriers/carrier/{CARRIER}/delete/",
    "/admin/carriers/vehicle/",
    f"/admin/carriers/vehicle/{VEHICLE}/change/",
    "/admin/carriers/driver/",
    f"/admin/carriers/driver/{DRIVER}/change/",
    "/admin/carriers/tariff/",
    f"/admin/carriers/tariff/{TARIFF}/change/",
    "/admin/carriers/emissionzone/",
    "/admin/carriers/emissionzone/add/",
    "/admin/facilities/site/",
    "/admin/facilities/site/add/",
    "/admin/consignments/stockedarticle/",
    "/admin/consignments/stockedarticle/add/",
    "/admin/autocomplete/?app_label=carriers&model_name=vehicle&field_name=carrier&term=",
    "/admin/search/?s=lines",
]
CANARIES = ("Globex Secret Lines", "GLX 999 GP", "Gugu Globex", "Globex Pharma warehouse", "Secret salve")


@pytest.fixture
def alice_at_desk(browse):
    return browse(ALICE, "acme")


def carrier_form(**changes):
    """What the carrier's page sends: the carrier itself, no inline rows."""
    return {
        "name": "Acme Haulage",
        "scac": "",
        "active": "on",
        "routes_per_day": "",
        "answer_minutes": "60",
        "contact_name": "",
        "phone": "",
        "email": "",
        **{
            f"{prefix}-{field}": "0"
            for prefix in (
                *("vehicles", "drivers", "tariffs"),
                *("commitments", "documents", "contacts", "areas"),
            )
            for field in ("TOTAL_FORMS", "INITIAL_FORMS")
        },
        **changes,
    }


def tariff_row(index, *, first, last, vehicle_class="rigid", per_route="1250.50", **more):
    amounts = dict.fromkeys(
        ("per_km", "per_hour", "per_stop", "per_pallet", "per_waiting_hour", "minimum"), "0"
    )
    row = {
        "vehicle_class": vehicle_class,
        "valid_0": first,
        "valid_1": last,
        "currency": "zar",
        "per_route": per_route,
    }
    return {f"tariffs-{index}-{name}": value for name, value in {**amounts, **row, **more}.items()}


def vehicle_form(**changes):
    facts = {**VEHICLE_FACTS, "carrier": str(CARRIER), "plate": "xyz 1  gp", "active": "on"}
    none = {"outages-TOTAL_FORMS": "0", "outages-INITIAL_FORMS": "0"}
    work = {"shift_start": "06:00", "shift_end": "18:00", "trips_per_day": "1", "reload_minutes": "30"}
    return {**facts, **none, **work, **changes}


def errors_of(response) -> list[str]:
    return [message for group in response.context["errors"] for message in group]


# Who comes in -----------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_a_planner_sees_their_own_and_nothing_of_another_shipper(fleets, alice_at_desk, page):
    response = alice_at_desk.get(page)

    assert response.status_code == 200
    assert not [canary for canary in CANARIES if canary in response.content.decode()]


@pytest.mark.parametrize("page", PAGES)
def test_nobody_else_comes_into_a_shippers_admin(fleets, browse, page):
    response = browse(ALICE, "globex").get(page, follow=True)

    assert response.redirect_chain[-1][0].startswith("/account/login/?next=/admin/")
    assert not [canary for canary in CANARIES if canary in response.content.decode()]


@pytest.mark.parametrize("page", PAGES)
def test_an_auditor_stays_outside_the_admin(fleets, browse, page):
    response = browse("arthur@acme.example", "acme").get(page, follow=True)

    assert response.status_code == 403
    assert not [canary for canary in CANARIES if canary in response.content.decode()]


def test_a_stranger_is_sent_to_sign_in_and_back(browse):
    response = browse(None, "acme").get("/admin/carriers/carrier/", follow=True)

    assert response.redirect_chain[-1][0] == "/account/login/?next=/admin/carriers/carrier/"


def test_writing_to_another_shippers_admin_changes_nothing(fleets, browse, inside):
    response = browse(ALICE, "globex").post(
        f"/admin/carriers/carrier/{CARRIER}/change/", carrier_form(name="Taken")
    )

    assert response.status_code in {302, 403}
    with inside("globex"):
        assert Carrier.objects.get().name == "Globex Secret Lines"


def test_a_change_at_acme_leaves_the_row_of_the_same_key_at_globex(fleets, alice_at_desk, inside):
    url = f"/admin/carriers/carrier/{CARRIER}/change/"
    with inside("acme"):
        Vehicle.objects.all().delete()
        Tariff.objects.all().delete()
        Carrier.objects.get().drivers.all().delete()

    response = alice_at_desk.post(url, carrier_form(name="Acme Trucks"))

    assert response.status_code == 302, errors_of(response)
    with inside("acme"):
        assert Carrier.objects.get().name == "Acme Trucks"
    with inside("globex"):
        assert Carrier.objects.get().name == "Globex Secret Lines"


def test_autocomplete_offers_own_carriers_alone(fleets, alice_at_desk):
    url = "/admin/autocomplete/?app_label=carriers&model_name=vehicle&field_name=carrier&term="

    assert alice_at_desk.get(url).json()["results"] == [{"id": str(CARRIER), "text": "Acme Haulage"}]


def test_signing_out_of_the_admin_signs_out_of_dockside(alice_at_desk):
    alice_at_desk.post("/admin/logout/")

    assert alice_at_desk.get("/admin/").status_code == 302


def test_the_admin_may_evaluate_and_other_pages_may_not(alice_at_desk, browse):
    admin = alice_at_desk.get("/admin/carriers/carrier/").headers["Content-Security-Policy"]
    elsewhere = browse(None, "acme").get("/account/login/").headers["Content-Security-Policy"]

    assert "script-src 'self' 'unsafe-eval'" in admin
    assert "unsafe-inline" not in admin
    assert "unsafe" not in elsewhere


# What can be entered ----------------------------------------------------------------------------


def test_a_vehicle_is_added_with_its_boxes_ticked(fleets, alice_at_desk, inside):
    response = alice_at_desk.post(
        "/admin/carriers/vehicle/add/",
        vehicle_form(temperature_classes=["ambient", "frozen"], tail_lift="on"),
    )

    assert response.status_code == 302, errors_of(response)
    with inside("acme"):
        added = Vehicle.objects.exclude(pk=VEHICLE).get()
    assert (added.plate, added.temperature_classes, added.tail_lift) == (
        "XYZ 1 GP",
        ["ambient", "frozen"],
        True,
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shift_end": "05:00"}, "The shift has to end later on the same day than it starts."),
        ({"trips_per_day": "0"}, "Ensure this value is greater than or equal to 1."),
        ({"capacity_kg": "15000"}, "The payload has to be less than the gross weight."),
        ({"temperature_classes": []}, "This field is required."),
        ({"plate": "ACM 111 GP"}, "Vehicle with this Plate already exists."),
    ],
)
def test_a_vehicle_that_cannot_be_is_refused_in_words(fleets, alice_at_desk, changes, message):
    response = alice_at_desk.post("/admin/carriers/vehicle/add/", vehicle_form(**changes))

    assert (response.status_code, errors_of(response)) == (200, [message])


def test_tariffs_are_typed_in_rand_and_by_first_and_last_day(fleets, alice_at_desk, inside):
    with inside("acme"):
        Carrier.objects.get().vehicles.all().delete()
        Carrier.objects.get().drivers.all().delete()
        Tariff.objects.all().delete()
    rows = tariff_row(0, first="2026-01-01", last="2026-12-31") | tariff_row(1, first="2027-01-01", last="")

    response = alice_at_desk.post(
        f"/admin/carriers/carrier/{CARRIER}/change/", carrier_form(**{**rows, "tariffs-TOTAL_FORMS": "2"})
    )

    assert response.status_code == 302, errors_of(response)
    with inside("acme"):
        tariffs = [
            (str(t.valid.lower), str(t.valid.upper), t.per_route, t.currency) for t in Tariff.objects.all()
        ]
    assert tariffs == [("2026-01-01", "2027-01-01", 125_050, "ZAR"), ("2027-01-01", "None", 125_050, "ZAR")]


def test_overlapping_tariffs_of_one_page_are_refused_in_words(fleets, alice_at_desk, inside):
    with inside("acme"):
        Carrier.objects.get().vehicles.all().delete()
        Carrier.objects.get().drivers.all().delete()
        Tariff.objects.all().delete()
    rows = tariff_row(0, first="2026-01-01", last="2026-12-31") | tariff_row(1, first="2026-12-31", last="")

    response = alice_at_desk.post(
        f"/admin/carriers/carrier/{CARRIER}/change/", carrier_form(**{**rows, "tariffs-TOTAL_FORMS": "2"})
    )

    assert response.status_code == 200
    assert errors_of(response) == [
        "Rigid truck: overlaps the tariff that is valid from 1 Jan 2026 to 31 Dec 2026."
    ]


def test_a_tariff_may_end_where_a_new_one_begins_in_one_go(fleets, alice_at_desk, inside):
    with inside("acme"):
        Carrier.objects.get().vehicles.all().delete()
        Carrier.objects.get().drivers.all().delete()
    rows = tariff_row(0, first="", last="2026-06-30", id=str(TARIFF), carrier=str(CARRIER))
    rows |= tariff_row(1, first="2026-07-01", last="")

    response = alice_at_desk.post(
        f"/admin/carriers/carrier/{CARRIER}/change/",
        carrier_form(**{**rows, "tariffs-TOTAL_FORMS": "2", "tariffs-INITIAL_FORMS": "1"}),
    )

    assert response.status_code == 302, errors_of(response)
    with inside("acme"):
        assert Tariff.objects.count() == 2


def test_a_tariff_that_overlaps_a_stored_one_is_refused_in_words(fleets, alice_at_desk):
    row = {
        name.removeprefix("tariffs-0-"): value
        for name, value in tariff_row(0, first="2026-01-01", last="").items()
    }

    response = alice_at_desk.post("/admin/carriers/tariff/add/", {**row, "carrier": str(CARRIER)})

    assert (response.status_code, errors_of(response)) == (
        200,
        ["Another tariff of this carrier for this class of vehicle overlaps that time."],
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"valid_0": "2026-02-01", "valid_1": "2026-01-01"}, "The last day is before the first."),
        ({"valid_0": "", "valid_1": ""}, "This field is required."),
        ({"per_route": "-1"}, "Ensure this value is greater than or equal to 0."),
        ({"currency": "R"}, "A currency has three letters, such as ZAR."),
    ],
)
def test_a_tariff_that_cannot_be_is_refused_in_words(fleets, alice_at_desk, changes, message):
    row = tariff_row(0, first="2026-01-01", last="", vehicle_class="van")
    form = {name.removeprefix("tariffs-0-"): value for name, value in row.items()} | changes

    response = alice_at_desk.post("/admin/carriers/tariff/add/", {**form, "carrier": str(CARRIER)})

    assert (response.status_code, errors_of(response)) == (200, [message])


# The list ---------------------------------------------------------------------------------------


def test_the_list_says_which_carrier_can_be_used_today_and_what_others_lack(fleets, alice_at_desk, inside):
    with inside("acme"):
        Carrier.objects.create(name="Off", active=False)
        Carrier.objects.create(name="On foot")
        unpriced = Carrier.objects.create(name="Unpriced")
        Vehicle.objects.create(carrier=unpriced, plate="U 1", **VEHICLE_FACTS)
        Tariff.objects.create(carrier=unpriced, vehicle_class="van", valid=DateRange(None, None))

    with time_machine.travel(timezone.now(), tick=False):
        with inside("acme"):
            today = day_here(now=timezone.now())  # Acme's, which is another than UTC's for two hours
        page = alice_at_desk.get("/admin/carriers/carrier/")
        usable = alice_at_desk.get("/admin/carriers/carrier/?usable=yes")
        unusable = alice_at_desk.get("/admin/carriers/carrier/?usable=no")
        admin = page.context["cl"].model_admin
        shown = page.context["cl"].result_list
        told = {c.name: (admin.usable_today(c)[1], admin.against(c)) for c in shown}

    assert told == {
        "Acme Haulage": ("Ready", None),
        "Off": ("Not today", "Off is switched off. Off has no active vehicle."),
        "On foot": ("Not today", "On foot has no active vehicle."),
        "Unpriced": ("Not today", f"Unpriced has no tariff for any of its vehicles on {written(today)}."),
    }
    assert [c.name for c in usable.context["cl"].result_list] == ["Acme Haulage"]
    assert [c.name for c in unusable.context["cl"].result_list] == ["Off", "On foot", "Unpriced"]


@pytest.mark.parametrize(
    ("model", "most"), [("carrier", 20), ("vehicle", 14), ("driver", 14), ("tariff", 14)]
)
def test_a_list_asks_the_database_as_often_for_one_row_as_for_many(
    fleets, alice_at_desk, inside, model, most, django_assert_max_num_queries
):
    with inside("acme"):
        for n in range(12):
            carrier = Carrier.objects.create(name=f"Carrier {n}")
            Vehicle.objects.create(carrier=carrier, plate=f"P {n}", **VEHICLE_FACTS)
            carrier.drivers.create(name=f"Driver {n}")
            Tariff.objects.create(carrier=carrier, vehicle_class="rigid", valid=DateRange(None, None))

    with django_assert_max_num_queries(most):
        assert alice_at_desk.get(f"/admin/carriers/{model}/").status_code == 200


@pytest.mark.parametrize("model", ["carrier", "vehicle", "driver"])
def test_switching_off_asks_first_and_is_remembered(fleets, alice_at_desk, inside, model):
    keys = {"carrier": CARRIER, "vehicle": VEHICLE, "driver": DRIVER}
    url = f"/admin/carriers/{model}/"
    chosen = {"action": "deactivate", "_selected_action": [str(keys[model])], "select_across": "0"}

    def is_active() -> bool:
        with inside("acme"):
            carrier = Carrier.objects.get()
            rows = {"carrier": carrier, "vehicle": carrier.vehicles.get(), "driver": carrier.drivers.get()}
            return rows[model].active

    asked = alice_at_desk.post(url, chosen)
    before = is_active()
    alice_at_desk.post(url, {**chosen, "confirmed": "yes"})

    assert (asked.status_code, before, is_active()) == (200, True, False)
    assert "What it has done stays on record." in asked.content.decode()
    assert "Changed active" in alice_at_desk.get(f"{url}{keys[model]}/history/").content.decode()


# What it has to prove, and what was changed -----------------------------------------------------


def document_row(**changes):
    row = {"kind": "insurance", "vehicle": "", "number": "P-1", "blocks": "on", "valid_from": ""}
    row |= {"valid_until": f"{timezone.now().date() + timedelta(days=10)}", **changes}
    return {"documents-TOTAL_FORMS": "1", **{f"documents-0-{name}": value for name, value in row.items()}}


@pytest.fixture
def bare(fleets, inside):
    """Acme's carrier without rows, so that its page is sent without them."""
    with inside("acme"):
        for rows in ("vehicles", "drivers", "tariffs"):
            getattr(Carrier.objects.get(), rows).all().delete()
    return f"/admin/carriers/carrier/{CARRIER}/change/"


def test_a_document_is_kept_with_its_file_and_given_as_a_download(
    bare, alice_at_desk, inside, settings, tmp_path
):
    default = {**settings.STORAGES["default"], "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": default}
    scan = SimpleUploadedFile("policy.pdf", b"%PDF-1.7 policy")

    answer = alice_at_desk.post(bare, carrier_form(**document_row(upload=scan)))

    assert answer.status_code == 302, errors_of(answer)
    with inside("acme"):
        kept = ComplianceDocument.objects.get()
    file = alice_at_desk.get(f"/carriers/documents/{kept.pk}/")
    assert b"".join(file.streaming_content) == b"%PDF-1.7 policy"
    assert file.headers["Content-Disposition"] == 'attachment; filename="policy.pdf"'
    assert kept.path.startswith("t_acme/carriers/")


def test_a_file_that_is_something_else_is_refused_and_nothing_is_stored(
    bare, alice_at_desk, inside, settings, tmp_path
):
    default = {**settings.STORAGES["default"], "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": default}
    page = SimpleUploadedFile("policy.pdf", b"<html><script>")

    answer = alice_at_desk.post(bare, carrier_form(**document_row(upload=page)))

    assert errors_of(answer) == ["Only PDF, JPEG and PNG are taken; this file is something else."]
    with inside("acme"):
        assert not ComplianceDocument.objects.exists()
    assert list(tmp_path.iterdir()) == []


def test_the_history_says_what_a_field_was_and_what_it_became(fleets, alice_at_desk):
    url = f"/admin/carriers/tariff/{TARIFF}/"
    row = tariff_row(0, first="", last="2026-12-31", per_route="1250.50")
    form = {name.removeprefix("tariffs-0-"): value for name, value in row.items()}

    answer = alice_at_desk.post(f"{url}change/", {**form, "carrier": str(CARRIER)})

    assert answer.status_code == 302, errors_of(answer)
    history = alice_at_desk.get(f"{url}history/").content.decode()
    assert "Per route: 1000.00 → 1250.50" in history
    assert "Valid: …, … → …, 2026-12-31" in history


def test_the_history_tells_of_a_carriers_rows_too(bare, alice_at_desk, inside):
    with inside("acme"):
        contact = Carrier.objects.get().contacts.create(purpose="dispatch", name="Thabo", phone="011 5550")
    row = {"id": str(contact.pk), "carrier": str(CARRIER), "purpose": "dispatch", "name": "Thabo"}
    rows = {f"contacts-0-{name}": value for name, value in {**row, "email": "", "phone": "011 5551"}.items()}
    counts = {"contacts-TOTAL_FORMS": "1", "contacts-INITIAL_FORMS": "1"}

    answer = alice_at_desk.post(bare, carrier_form(**rows, **counts, phone="010 1000"))

    assert answer.status_code == 302, errors_of(answer)
    history = alice_at_desk.get(bare.replace("change", "history")).content.decode()
    assert "Phone: – → 010 1000" in history
    assert "Phone: 011 5550 → 011 5551" in history
