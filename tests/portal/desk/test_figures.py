"""The pages of figures: defined, compared, with the deliveries behind them and files, for planners alone."""

import csv
import io

import openpyxl
import pytest

from apps.carriers.models import Carrier
from apps.figures import services
from apps.figures.definitions import DEFINITIONS
from apps.figures.models import DayFigures
from tests.factories.cast import NOW

PERIOD = {"first": "2026-03-01", "last": "2026-03-31"}


@pytest.fixture
def counted(confirmed):
    services.count(now=NOW)
    return confirmed


def test_each_figure_says_what_it_was_counted_from(counted, desk):
    page = desk.get("/figures/", PERIOD).content.decode()

    assert "Checked in inside the arrival window" in page
    assert "1 not over yet" in page
    assert "Counted until 2 Mar 2026" in page
    assert "<svg" in page


def test_figures_that_nobody_counted_say_so(at_acme, desk):
    assert "Nothing is counted yet" in desk.get("/figures/").content.decode()


def test_a_wrong_period_is_said_beside_its_field(at_acme, desk):
    wrong = desk.get("/figures/", {"first": "2026-03-31", "last": "2026-03-01"})
    long = desk.get("/figures/", {"first": "2016-03-31", "last": "2026-03-01"})

    assert (wrong.status_code, long.status_code) == (422, 422)
    assert "Choose a day after the first" in wrong.content.decode()
    assert "at most a year" in long.content.decode()


def test_the_deliveries_behind_a_figure_are_listed(counted, desk):
    left = desk.get("/figures/first_attempt/", PERIOD | {"left": "1"}).content.decode()

    assert "No delivery of the period was otherwise." in desk.get("/figures/otif/", PERIOD).content.decode()
    assert "that could not be counted: not over yet" in left
    assert f"/deliveries/{counted.delivery_id}/" in left
    for name in DEFINITIONS:
        for left in ({}, {"left": "1"}):
            assert desk.get(f"/figures/{name}/", PERIOD | left).status_code == 200
    assert desk.get("/figures/nonsense/", PERIOD).status_code == 404


def test_every_table_goes_into_files_that_calculate_nothing(counted, desk):
    carrier = Carrier.objects.create(name="=HYPERLINK(1)")
    DayFigures.objects.update(carrier=carrier)
    asked = PERIOD | {"by": "carrier"}

    text = desk.get("/figures/tables/compared/csv/", asked).content.decode("utf-8-sig")
    book = desk.get("/figures/tables/compared/xlsx/", asked).content
    cell = openpyxl.load_workbook(io.BytesIO(book)).active["A2"]

    assert list(csv.reader(io.StringIO(text)))[1][0] == "'=HYPERLINK(1)"
    assert (cell.value, cell.data_type) == ("=HYPERLINK(1)", "s")
    for name in ("figures", "figures-time", "trend", "lateness", "behind-first_attempt"):
        assert desk.get(f"/figures/tables/{name}/csv/", asked).status_code == 200
    assert desk.get("/figures/tables/nonsense/csv/", asked).status_code == 404
    assert desk.get("/figures/tables/figures/exe/", asked).status_code == 404


def test_the_page_asks_as_often_for_much_as_for_little(counted, desk, django_assert_max_num_queries):
    with django_assert_max_num_queries(24):
        desk.get("/figures/", PERIOD)


def test_an_auditor_reads_no_figures(at_acme, auditors_desk):
    for address in ("/figures/", "/figures/otif/", "/figures/tables/figures/csv/"):
        assert auditors_desk.get(address).status_code in (302, 403)
