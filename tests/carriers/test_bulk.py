"""Papers of many carriers at once: in and out as tables, extended, ended, handed on; all of it or nothing."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.backends.postgresql.psycopg_any import DateRange

from apps.carriers.models import Carrier, Commitment, ComplianceDocument, Qualification, ServiceArea, Tariff
from tests.carriers.conftest import CARRIER, DRIVER, VEHICLE
from tests.carriers.exchanging import confirm, exported, said, tried

ALICE = "alice@acme.example"
MODELS = {
    "commitment": Commitment,
    "compliancedocument": ComplianceDocument,
    "qualification": Qualification,
    "servicearea": ServiceArea,
}


@pytest.fixture
def desk(fleets, browse, inside):
    with inside("acme"):
        facts = {"valid": DateRange(date(2026, 1, 1), None), "period": "week", "measure": "routes"}
        Commitment.objects.create(carrier_id=CARRIER, at_least=3, shortfall=5_050, **facts)
        facts = {"kind": "roadworthy", "number": "R-1", "valid_until": date(2026, 6, 30)}
        ComplianceDocument.objects.create(carrier_id=CARRIER, vehicle_id=VEHICLE, **facts)
        Qualification.objects.create(driver_id=DRIVER, kind="adr", valid_until=date(2026, 6, 30))
        ServiceArea.objects.create(carrier_id=CARRIER, latitude=-26.2, longitude=28.0, radius_km=50)
    return browse(ALICE, "acme")


def act(desk, model, action, rows, **answers):
    chosen = {"action": action, "_selected_action": [str(row.pk) for row in rows], "select_across": "0"}
    return desk.post(f"/admin/carriers/{model}/", {**chosen, "confirmed": "yes", **answers})


@pytest.mark.parametrize("model", MODELS)
def test_what_is_exported_imports_again_as_it_was(desk, model):
    dry_run = tried(desk, model, exported(desk, model))

    assert said(dry_run) == []
    assert [row.import_type for row in dry_run.context["result"].rows] == ["skip"]


@pytest.mark.parametrize(
    ("model", "text"),
    [
        ("commitment", "carrier,measure,period,valid_from,at_most\nAcme Haulage,pallets,day,2026-01-01,40\n"),
        ("compliancedocument", "carrier,kind,valid_until\nAcme Haulage,insurance,2026-12-31\n"),
        ("qualification", "carrier,driver,kind\nAcme Haulage,Andile Acme,medical\n"),
        ("servicearea", "carrier,country\nAcme Haulage,za\n"),
    ],
)
def test_a_new_row_is_imported_once_it_is_confirmed(desk, inside, model, text):
    dry_run = tried(desk, model, text)
    with inside("acme"):
        assert MODELS[model].objects.count() == 1

    confirm(desk, model, dry_run)

    with inside("acme"):
        assert MODELS[model].objects.count() == 2
    with inside("globex"):
        assert MODELS[model].objects.count() == 0


@pytest.mark.parametrize(
    ("model", "text", "message"),
    [
        ("commitment", "carrier,measure,period\nAcme Haulage,routes,day\n", "Say how much at least"),
        (
            "compliancedocument",
            "carrier,vehicle,kind,valid_until\nAcme Haulage,GLX 999 GP,roadworthy,2026-12-31\n",
            "The carrier has no vehicle “GLX 999 GP”.",
        ),
        ("compliancedocument", "carrier,kind,valid_until\nAcme Haulage,gdp,soon\n", "“soon” is no day."),
        ("qualification", "carrier,driver,kind\nAcme Haulage,Gugu Globex,adr\n", "has no driver called"),
        ("servicearea", "carrier,country,radius_km\nAcme Haulage,ZA,5\n", "Name a country"),
    ],
)
def test_a_row_that_cannot_be_is_named_and_nothing_can_be_confirmed(desk, model, text, message):
    dry_run = tried(desk, model, text)

    assert any(message in one for one in said(dry_run)), said(dry_run)
    assert "confirm_form" not in dry_run.context


@pytest.mark.parametrize("model", ["compliancedocument", "qualification"])
def test_what_lapses_is_extended_but_never_shortened(desk, inside, model):
    with inside("acme"):
        rows = list(MODELS[model].objects.all())

    earlier = act(desk, model, "extend", rows, day="2026-06-30")
    later = act(desk, model, "extend", rows, day="2027-06-30")

    assert "already" in earlier.content.decode()
    assert later.status_code == 302
    with inside("acme"):
        assert MODELS[model].objects.get().valid_until == date(2027, 6, 30)
    history = desk.get(f"/admin/carriers/{model}/{rows[0].pk}/history/").content.decode()
    assert "2026-06-30 → 2027-06-30" in history


def test_tariffs_end_on_a_day_all_of_them_or_none(desk, inside):
    with inside("acme"):
        later = DateRange(date(2027, 1, 1), None)
        Tariff.objects.create(carrier_id=CARRIER, vehicle_class="van", valid=later)
        rows = list(Tariff.objects.all())

    refused = act(desk, "tariff", "end", rows, day="2026-12-31")
    with inside("acme"):
        before = Tariff.objects.filter(valid__endswith__isnull=False).count()
    done = act(desk, "tariff", "end", rows, day="2027-01-31")

    assert "has not begun by then" in refused.content.decode()
    assert (before, done.status_code) == (0, 302)
    with inside("acme"):
        assert {one.valid.upper for one in Tariff.objects.all()} == {date(2027, 2, 1)}


def test_an_area_is_given_to_further_carriers_once(desk, inside):
    with inside("acme"):
        other = Carrier.objects.create(name="New Lines")
        rows = list(ServiceArea.objects.all())

    for _ in range(2):
        assert (
            act(desk, "servicearea", "share", rows, carriers=[str(CARRIER), str(other.pk)]).status_code == 302
        )

    with inside("acme"):
        assert sorted(ServiceArea.objects.values_list("carrier__name", "radius_km")) == [
            ("Acme Haulage", 50),
            ("New Lines", 50),
        ]


@pytest.mark.parametrize("email", [ALICE, "arthur@acme.example"])
def test_nobody_else_changes_a_shippers_papers(desk, browse, inside, email):
    slug = "globex" if email == ALICE else "acme"
    with inside("acme"):
        rows = list(ComplianceDocument.objects.all())

    act(browse(email, slug), "compliancedocument", "extend", rows, day="2027-06-30")
    text = b"carrier,kind,valid_until\nAcme Haulage,insurance,2026-12-31\n"
    file = SimpleUploadedFile("rows.csv", text)
    answer = browse(email, slug).post(
        "/admin/carriers/compliancedocument/import/", {"import_file": file, "format": "0", "resource": "0"}
    )

    assert answer.status_code in {302, 403}
    with inside("acme"):
        assert ComplianceDocument.objects.get().valid_until == date(2026, 6, 30)
