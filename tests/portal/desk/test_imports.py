"""Orders come in by file; what stays out is said row by row."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.consignments import parsing
from apps.consignments.models import Consignment, Import
from tests.portal.desk.conftest import DAY, order_file

GOOD = f"C-1,PO-1,NH1,{DAY},1,Gloves,40,pack,,300,2"
UNKNOWN_SITE = f"C-2,PO-2,=HYPERLINK(1),{DAY},1,Gloves,40,pack,,300,2"


def upload(desk, content, name="orders.csv"):
    return desk.post("/import/", {"file": SimpleUploadedFile(name, content, "text/csv")})


@pytest.fixture
def brought_in(at_acme, desk):
    upload(desk, order_file(GOOD, UNKNOWN_SITE))
    return Import.objects.get()


def test_the_good_rows_go_in_and_the_bad_ones_are_reported(at_acme, desk):
    answer = upload(desk, order_file(GOOD, UNKNOWN_SITE))
    page = desk.get(answer.url).content.decode()

    assert list(Consignment.objects.values_list("number", flat=True)) == ["C-1"]
    assert "1 consignment is in, 1 row was refused." in page
    assert "<code>site</code>" in page
    assert "=HYPERLINK(1)" in page


def test_the_report_as_csv_is_no_formula(brought_in, desk):
    answer = desk.get(f"/import/{brought_in.pk}/refused.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    assert answer["Content-Disposition"].startswith("attachment")
    assert [(row["row"], row["column"], row["value"]) for row in rows] == [("3", "site", "'=HYPERLINK(1)")]


def test_the_same_file_twice_changes_nothing(brought_in, desk):
    answer = upload(desk, order_file(GOOD, UNKNOWN_SITE))

    assert "1 were known already" in desk.get(answer.url).content.decode()
    assert Consignment.objects.count() == 1


@pytest.mark.parametrize("content", [b"\xff\xfe\x00broken", b"", b"wrong,columns\n1,2\n"])
def test_a_file_that_can_not_be_read_is_refused_in_place(at_acme, desk, content):
    answer = upload(desk, content)

    assert answer.status_code == 422
    assert not Import.objects.exists()


def test_a_file_that_is_too_large_is_not_even_read(at_acme, desk, monkeypatch):
    monkeypatch.setattr("apps.portal.forms_desk.MAX_BYTES", 10)

    answer = upload(desk, order_file(GOOD))

    assert answer.status_code == 422
    assert "Split it and import the parts" in answer.content.decode()
    assert not Import.objects.exists()


def test_the_sample_file_can_be_imported_as_it_is(at_acme, desk):
    sample = desk.get("/import/sample.csv").content

    answer = upload(desk, sample)

    assert answer.status_code == 302
    assert Import.objects.get().refused == 0
    assert set(parsing.REQUIRED) <= set(
        sample.decode("utf-8-sig").splitlines()[0].replace('"', "").split(",")
    )
