"""What an export may be about, and the reading copies that go along: each scope whole, each copy in step."""

import io
import json
import zipfile
from datetime import UTC, date, datetime
from uuid import uuid4

import openpyxl
import pikepdf
import pytest

from apps.custody import selectors, verify
from apps.custody import services as custody
from apps.custody.services import ExportChoice, ExportFailed, ExportScope
from apps.custody.services.scoping import in_words, numbers_in
from apps.facilities.models import Site


@pytest.fixture
def recall(record, northern_site, southern_site: Site):
    """Three consignments: batch B-7 went to Northern and to Southern, batch B-8 to Northern alone."""
    for number, batch, site, carrier, day in (
        ("C-1", "B-7", northern_site, "Swift", 2),
        ("C-2", "B-7", southern_site, "Rapid", 3),
        ("C-3", "B-8", northern_site, "Swift", 9),
    ):
        one = {
            "consignments": {number: []},
            "delivery": f"D-{number}",
            "delivery_id": uuid4(),
            "site": site,
            "now": datetime(2026, 3, day, 12, tzinfo=UTC),
        }
        item = {
            "article": "Zidovudine",
            "gtin": "06001234000013",
            "quantity": "2",
            "unit": "box",
            "lot": batch,
        }
        record("consignment_created", details={"items": [item]}, **one)
        record("planned", details={"route": "1", "carrier": carrier, "vehicle": "V"}, **one)


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({"batch": "B-7"}, ["C-1", "C-2"]),
        ({"article": "Zidovudine", "batch": "B-8"}, ["C-3"]),
        ({"article": "06001234000013"}, ["C-1", "C-2", "C-3"]),
        ({"carrier": "Swift"}, ["C-1", "C-3"]),
        ({"first_day": date(2026, 3, 3)}, ["C-2", "C-3"]),
        ({"first_day": date(2026, 3, 3), "last_day": date(2026, 3, 3)}, ["C-2"]),
        ({"batch": "B-7", "carrier": "Swift"}, ["C-1"]),
        ({"article": "Nevirapine"}, []),
    ],
)
def test_a_scope_is_the_consignments_that_the_record_says(recall, asked, numbers):
    assert numbers_in(ExportScope(**asked)) == numbers


def test_a_recipients_scope_is_what_went_to_its_sites(recall, northern, southern):
    assert numbers_in(ExportScope(recipient_id=northern.pk)) == ["C-1", "C-3"]
    assert numbers_in(ExportScope(recipient_id=southern.pk)) == ["C-2"]


def test_a_scope_survives_its_way_to_the_worker(northern):
    scope = ExportScope(
        delivery_id=uuid4(),
        consignments=("C-1",),
        recipient_id=northern.pk,
        batch="B-7",
        first_day=date(2026, 3, 1),
    )

    assert ExportScope.from_fact(json.loads(json.dumps(scope.fact()))) == scope


def export(actor, scope, now, **options):
    output = io.BytesIO()
    custody.export_bundle(actor=actor, scope=scope, output=output, now=now, **options)
    report = verify.verify(output, [verify.parse_key(str(selectors.verifier_key()))])
    return zipfile.ZipFile(output), report


def test_a_recalls_bundle_holds_whole_histories_proves_itself_and_says_what_was_asked(recall, arthur, now):
    bundle, report = export(arthur, ExportScope(batch="B-7"), now)

    manifest = json.loads(bundle.read("manifest.json"))
    events = [json.loads(line) for line in bundle.read("events.jsonl").splitlines()]
    assert report.verdict == verify.PASS
    assert manifest["scope"]["asked"] == [{"by": "batch", "value": "B-7"}]
    assert manifest["scope"]["last_cseq"] == {"C-1": 2, "C-2": 2}
    assert [event["consignments"][0]["number"] for event in events] == ["C-1", "C-1", "C-2", "C-2"]


@pytest.mark.papers
def test_the_copies_tell_the_same_events(recall, arthur, now):
    bundle, _ = export(arthur, ExportScope(batch="B-7"), now)

    copies = sorted(name for name in bundle.namelist() if name.startswith("copies/"))
    epcis = json.loads(bundle.read("copies/epcis.jsonld"))
    sheet = openpyxl.load_workbook(io.BytesIO(bundle.read("copies/custody.xlsx")), read_only=True)
    assert copies[0] == "copies/custody.xlsx"
    assert {"copies/dossier.pdf", "copies/epcis.jsonld"} < set(copies)
    assert len(epcis["epcisBody"]["eventList"]) == 4
    assert len(list(sheet.worksheets[1].rows)) == 1 + 4
    with pikepdf.open(io.BytesIO(bundle.read("copies/dossier.pdf"))) as dossier:
        assert set(dossier.attachments) == {"epcis.jsonld", "checkpoint.note"}
        assert "/AcroForm" in dossier.Root  # it is signed


def test_only_the_copies_that_were_chosen_go_along(recall, arthur, now):
    bundle, report = export(arthur, ExportScope(batch="B-7"), now, choice=ExportChoice(copies=("epcis",)))

    assert [name for name in bundle.namelist() if name.startswith("copies/")] == ["copies/epcis.jsonld"]
    assert report.verdict == verify.PASS


def test_nothing_in_scope_is_said_in_words(recall, arthur, now):
    with pytest.raises(ExportFailed, match="no event of Batch B-99"):
        export(arthur, ExportScope(batch="B-99"), now)


def test_a_copy_that_was_exchanged_fails(recall, arthur, now):
    bundle, _ = export(arthur, ExportScope(batch="B-7"), now, choice=ExportChoice(copies=("epcis",)))
    altered = io.BytesIO()
    with zipfile.ZipFile(altered, "w") as copy:
        for info in bundle.infolist():
            data = bundle.read(info)
            copy.writestr(info, data.replace(b"C-1", b"C-9") if "epcis" in info.filename else data)

    report = verify.verify(altered, [verify.parse_key(str(selectors.verifier_key()))])

    assert report.verdict == verify.FAIL


def test_what_was_asked_is_said_for_people(northern):
    assert in_words(ExportScope(recipient_id=northern.pk, batch="B-7")) == (
        "Recipient Northern Hospital · Batch B-7"
    )
    assert in_words(ExportScope()) == "The whole log"
