"""The route sheet for the driver, as PDF and CSV: complete, harmless in a spreadsheet, and nobody else's."""

import csv
import io

import pypdfium2
import pytest

from apps.facilities.models import Site
from apps.routing.models import Route, RoutePlan
from apps.tenancy import doorway
from tests.portal.desk.test_plan import planned, truck, warehouse  # noqa: F401 a planned day


@pytest.fixture
def route(planned):  # noqa: F811
    return Route.objects.get()


def text_of(pdf):
    return "\n".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf))


@pytest.mark.papers
def test_the_sheet_says_all_a_driver_needs_and_equal_routes_print_equal_bytes(
    route, delivery, confirmed, desk
):
    answer = desk.get(f"/plan/routes/{route.pk}/sheet.pdf")
    again = desk.get(f"/plan/routes/{route.pk}/sheet.pdf")

    said = text_of(answer.content)
    for text in (
        "Acme",
        "Route 1",
        "HH 1 GP",
        delivery.number,
        delivery.site.name,
        confirmed.confirmation_number,
    ):
        assert text in said
    assert "Version 1 is a draft." in said
    assert answer.content == again.content
    assert answer["Content-Disposition"] == f'inline; filename="route-{route.plan.day}-v1-1.pdf"'


def test_a_plan_in_force_prints_without_a_warning(route, desk):
    RoutePlan.objects.update(state=RoutePlan.State.PUBLISHED)

    assert "draft" not in text_of(desk.get(f"/plan/routes/{route.pk}/sheet.pdf").content)


def test_the_table_has_a_line_for_each_stop_and_no_formula(route, delivery, desk):
    with doorway.network():
        Site.objects.filter(pk=delivery.site_id).update(gate_instructions='=HYPERLINK("http://evil")')

    answer = desk.get(f"/plan/routes/{route.pk}/sheet.csv")
    (line,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))

    assert (line["stop"], line["delivery"], line["vehicle"]) == ("1", delivery.number, "HH 1 GP")
    assert line["slot_from"].endswith("+02:00")
    assert line["gate"] == '\'=HYPERLINK("http://evil")'


def test_nobody_else_reads_a_route(route, browse):
    outsiders = [
        browse("bob@globex.example", "globex"),
        browse("arthur@acme.example", "acme"),
        browse("rita@northern.example", "acme"),
        browse("alice@acme.example", "globex"),
    ]
    for name in ("sheet.pdf", "sheet.csv"):
        answers = [one.get(f"/plan/routes/{route.pk}/{name}").status_code for one in outsiders]
        assert answers == [404, 403, 302, 302]
