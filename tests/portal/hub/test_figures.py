"""A recipient's figures: its docks over all shippers, nobody's prices, no other recipient's visits."""

import pytest

from apps.figures.reading import Period
from apps.figures.receiving import FIGURES, behind_received, received, utilisation
from apps.tenancy import doorway
from tests.deliveries.conftest import DAY, asked, confirmed, delivery, secret_of_globex, unloading

__all__ = ["asked", "confirmed", "delivery", "secret_of_globex", "unloading"]

PERIOD = {"first": f"{DAY}", "last": f"{DAY}"}


@pytest.mark.usefixtures("secret_of_globex")
def test_visits_of_all_shippers_are_counted(unloading, confirmed, northern_site):
    with doorway.network():
        told = received([northern_site], Period(DAY, DAY))[""]
        by_shipper = received([northern_site], Period(DAY, DAY), by="shipper")
        booked, opened = utilisation([northern_site], Period(DAY, DAY))[northern_site.pk]

    assert (told["on_time"].part, told["on_time"].of) == (1, 1)
    assert (told["rounds"].value, told["confirmation"].value) == (1, 1)
    assert set(by_shipper) >= {"Acme Medical"}
    assert opened.total_seconds() == 2 * 8 * 3600
    assert booked == confirmed.during.upper - confirmed.during.lower


def test_a_page_of_ones_own_sites_alone(unloading, browse, southern_site):
    northerns = browse("rita@northern.example").get("/figures/", PERIOD)
    southerns = browse("sam@southern.example").get("/figures/", PERIOD)
    page = northerns.content.decode()

    assert "1 of 1" in page
    assert "Acme Medical" in page
    assert "Acme Medical" not in southerns.content.decode()
    assert "cost" not in page.replace("Discrepancies and cost", "").casefold()
    asked_for_anothers = browse("rita@northern.example").get(
        "/figures/", PERIOD | {"site": str(southern_site.pk)}
    )
    assert asked_for_anothers.status_code == 422


def test_tables_go_away_and_strangers_get_none(unloading, browse):
    ritas = browse("rita@northern.example")

    for name in ("figures", "shippers", "sites", "docks"):
        assert ritas.get(f"/figures/tables/{name}/csv/", PERIOD).status_code == 200
    assert ritas.get("/figures/tables/nonsense/csv/").status_code == 404
    assert browse("olga@network.example").get("/figures/").status_code == 403
    assert browse().get("/figures/").status_code == 302


def test_nothing_in_the_period_is_said(browse, db):
    page = browse("rita@northern.example").get("/figures/", {"first": "2020-01-01", "last": "2020-01-02"})

    assert "Nothing in this period." in page.content.decode()


@pytest.mark.usefixtures("secret_of_globex")
def test_every_figure_lists_the_visits_that_it_was_counted_from(unloading, confirmed, northern_site):
    period = Period(DAY, DAY)
    with doorway.network():
        told = received([northern_site], period)[""]
        behind = {name: behind_received(name, [northern_site], period).count() for name in FIGURES}
        left_out = {
            name: behind_received(name, [northern_site], period, left_out=True).count() for name in FIGURES
        }

    for name, figure in told.items():
        counted = figure.of - figure.part if figure.definition.others else figure.of
        assert (behind[name] > 0) == (counted > 0), name
        assert (left_out[name] > 0) == (figure.uncounted > 0), name
    assert behind["rounds"] == 1


def test_a_list_leads_to_visits_of_ones_own_sites_alone(unloading, confirmed, browse):
    ritas = browse("rita@northern.example")
    page = ritas.get("/figures/rounds/", PERIOD)
    address = f"/appointments/{confirmed.pk}/"

    assert address in page.content.decode()
    assert ritas.get(address).status_code == 200
    assert ritas.get("/figures/tables/behind-rounds/csv/", PERIOD).content.decode().count("\n") == 2
    assert "/figures/rounds/?" in ritas.get("/figures/", PERIOD).content.decode()
    sams = browse("sam@southern.example")
    assert address not in sams.get("/figures/rounds/", PERIOD).content.decode()
    assert sams.get("/figures/tables/behind-rounds/csv/", PERIOD).content.decode().count("\n") == 1
    assert ritas.get("/figures/cost/", PERIOD).status_code == 404
    assert ritas.get("/figures/tables/behind-cost/csv/", PERIOD).status_code == 404
