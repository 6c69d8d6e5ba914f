"""Tables of carriers in and out: tried before they are imported, all or nothing, safe in a spreadsheet."""

import io
import uuid

import openpyxl
import pytest

from apps.carriers.models import Carrier, Driver, Tariff, Vehicle
from apps.core.sheets import guarded, plain
from tests.carriers.conftest import CARRIER
from tests.carriers.exchanging import CSV, XLSX, confirm, exported, said, tried

ALICE = "alice@acme.example"


@pytest.fixture
def desk(fleets, browse):
    return browse(ALICE, "acme")


def test_a_file_is_tried_first_and_imported_once_it_is_confirmed(desk, inside):
    text = "name,scac,own_fleet,phone\nAcme Haulage,acmh,no,+27 11 555 0100\nNew Lines,,yes,\n"

    dry_run = tried(desk, "carrier", text)
    with inside("acme"):
        before = list(Carrier.objects.values_list("name", "scac"))
    done = confirm(desk, "carrier", dry_run)
    again = confirm(desk, "carrier", dry_run)

    assert before == [("Acme Haulage", "")]
    assert (done.status_code, again.status_code) == (302, 410)
    with inside("acme"):
        rows = list(Carrier.objects.order_by("name").values_list("name", "scac", "own_fleet", "phone"))
    assert rows == [("Acme Haulage", "ACMH", False, "+27 11 555 0100"), ("New Lines", "", True, "")]
    history = desk.get(f"/admin/carriers/carrier/{CARRIER}/history/").content.decode()
    assert "scac: – → ACMH" in history
    with inside("globex"):
        assert Carrier.objects.get().name == "Globex Secret Lines"


@pytest.mark.parametrize(
    ("model", "text", "message"),
    [
        ("carrier", "name,colour\nX,red\n", "Unknown column “colour”."),
        ("carrier", "name,own_fleet\nX,perhaps\n", "1: Write yes or no."),
        ("carrier", "name,scac\nX,1234\n", "1: A SCAC has 2 to 4 capital letters."),
        ("carrier", "scac\nXXXX\n", "name"),
        (
            "driver",
            "carrier,name\nNobody,Ann\n",
            "There is no carrier called “Nobody”. Import carriers first.",
        ),
        ("driver", "carrier,name\nGlobex Secret Lines,Ann\n", "There is no carrier called"),
        (
            "vehicle",
            "carrier,plate,capacity_kg\nAcme Haulage,ACM 111 GP,15000\n",
            "The payload has to be less",
        ),
        (
            "tariff",
            "carrier,vehicle_class,valid_from,valid_to\nAcme Haulage,rigid,2026-01-01,\n",
            "overlaps that time",
        ),
        (
            "tariff",
            "carrier,vehicle_class,valid_from,valid_to\nAcme Haulage,van,2026-02-01,2026-01-01\n",
            "The last day is before the first.",
        ),
        ("tariff", "carrier,vehicle_class,valid_from\nAcme Haulage,van,tomorrow\n", "“tomorrow” is no day."),
        ("tariff", "carrier,vehicle_class,per_km\nAcme Haulage,van,-3\n", "An amount is from 0"),
    ],
)
def test_a_row_that_cannot_be_is_named_and_nothing_can_be_confirmed(desk, inside, model, text, message):
    dry_run = tried(desk, model, text)

    assert any(message in one for one in said(dry_run)), said(dry_run)
    assert "confirm_form" not in dry_run.context
    with inside("acme"):
        assert [rows.objects.count() for rows in (Carrier, Vehicle, Driver, Tariff)] == [1, 1, 1, 1]


def test_two_rows_of_a_file_that_overlap_are_refused(desk, inside):
    rows = "Acme Haulage,van,2026-01-01,2026-06-30\nAcme Haulage,van,2026-06-30,\n"

    dry_run = tried(desk, "tariff", f"carrier,vehicle_class,valid_from,valid_to\n{rows}")

    assert [one for one in said(dry_run) if one.startswith("2: ")]
    with inside("acme"):
        assert Tariff.objects.count() == 1


def test_what_changed_between_dry_run_and_import_stops_all_of_it(desk, inside):
    dry_run = tried(desk, "driver", "carrier,name\nAcme Haulage,Ann\nAcme Haulage,Ben\n")
    with inside("acme"):
        Carrier.objects.update(name="Renamed")

    answer = confirm(desk, "driver", dry_run)

    assert answer.url == "/admin/carriers/driver/import/"
    with inside("acme"):
        assert list(Driver.objects.values_list("name", flat=True)) == ["Andile Acme"]


@pytest.mark.parametrize("model", ["carrier", "vehicle", "driver", "tariff"])
@pytest.mark.parametrize("kind", [CSV, XLSX])
def test_what_is_exported_imports_again_as_it_was(desk, inside, model, kind):
    with inside("acme"):
        Carrier.objects.update(name="=HYPERLINK(1)", phone="+27 11 5550100", contact_name="'quoted'")

    dry_run = tried(desk, model, exported(desk, model, kind), kind)

    assert said(dry_run) == []
    assert [row.import_type for row in dry_run.context["result"].rows] == ["skip"]


def test_no_cell_is_a_formula_in_a_spreadsheet(desk, inside):
    with inside("acme"):
        Carrier.objects.update(contact_name='=cmd|"/C calc"!A1', email="", phone="+27 11 5550100")

    text = exported(desk, "carrier").decode("utf-8-sig")
    sheet = openpyxl.load_workbook(io.BytesIO(exported(desk, "carrier", XLSX))).active

    assert "'=cmd" in text
    assert ",+27 11 5550100," in text
    assert "f" not in {cell.data_type for row in sheet.iter_rows() for cell in row}


@pytest.mark.parametrize(
    "text", ["=1+1", "+A1", "-A1", "@SUM(A1)", "\tx", "＝1", "' =1", "'plain", "plain", "-5.0"]
)
def test_a_guarded_cell_reads_back_as_it_was(text):
    assert plain(guarded(text)) == text.strip()
    assert guarded(text)[0] not in "=@\t＝"


def test_a_file_that_is_no_table_is_refused_in_words(desk):
    answer = tried(desk, "carrier", b"\xff\xfe\x00nothing", XLSX)

    assert answer.status_code == 200
    assert "Ensure you have chosen the correct format" in answer.content.decode()


@pytest.mark.parametrize("path", ["import/", "export/"])
@pytest.mark.parametrize("email", [ALICE, "arthur@acme.example", "rita@northern.example", None])
def test_nobody_else_exchanges_a_shippers_carriers(fleets, browse, email, path):
    for slug in ("globex",) if email == ALICE else ("acme", "globex"):
        answer = browse(email, slug).post(f"/admin/carriers/carrier/{path}", {"format": CSV}, follow=True)
        assert "Secret" not in answer.content.decode()
        assert "Haulage" not in answer.content.decode()


def test_another_shippers_waiting_file_is_out_of_reach(desk, browse, inside, own_store):
    dry_run = tried(desk, "carrier", "name\nNew Lines\n")
    kept = dry_run.context["confirm_form"].initial
    bob = browse("bob@globex.example", "globex")

    theirs = bob.post("/admin/carriers/carrier/process_import/", kept)
    senseless = bob.post(
        "/admin/carriers/carrier/process_import/", {**kept, "import_file_name": "../../t_acme/imports/x"}
    )
    guessed = bob.post(
        "/admin/carriers/carrier/process_import/", {**kept, "import_file_name": uuid.uuid4().hex}
    )

    assert [one.status_code for one in (theirs, senseless, guessed)] == [410, 410, 410]
    with inside("globex"):
        assert Carrier.objects.count() == 1
