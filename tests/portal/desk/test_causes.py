"""Pages of causes and cost: evidence first, another cause beside it, rates before money; planners alone."""

from datetime import timedelta

import pytest

from apps.deliveries import services as deliveries
from apps.figures import services
from tests.factories.cast import NOW

PERIOD = {"first": "2026-03-01", "last": "2026-03-31"}


@pytest.fixture
def no_show(confirmed, delivery, otto):
    """A vehicle that never came; counted."""
    deliveries.record_no_show(
        actor=otto, delivery_id=delivery.pk, now=confirmed.during.upper + timedelta(hours=1)
    )
    services.count(now=NOW)
    return delivery


def test_causes_are_counted_and_without_rates_no_money_is(no_show, desk):
    page = desk.get("/figures/causes/", PERIOD).content.decode()

    assert "Never left" in page
    assert "What failure costs is not known" in page
    assert no_show.number in desk.get("/figures/causes/by/no_show/", PERIOD).content.decode()
    assert "Never left" in desk.get("/figures/causes/tables/causes/csv/", PERIOD).content.decode()
    for name in ("bottlenecks", "steps", "changes"):
        assert desk.get(f"/figures/causes/tables/{name}/xlsx/", PERIOD).status_code == 200
    assert desk.get("/figures/causes/tables/nonsense/csv/", PERIOD).status_code == 404
    assert desk.get("/figures/causes/by/nonsense/", PERIOD).status_code == 404


def test_rates_make_money_of_it(no_show, desk):
    empty = desk.post("/figures/causes/rates/", {"valid_from": "2026-03-01", "currency": "ZAR"})
    assert empty.status_code == 422
    assert "at least one rate" in empty.content.decode()

    typed = {"valid_from": "2026-03-01", "currency": "ZAR", "redelivery": "1500.50"}
    desk.post("/figures/causes/rates/", typed)

    page = desk.get("/figures/causes/", PERIOD).content.decode()
    assert "1,500.50" in page
    assert "1500.5" in desk.get("/figures/causes/rates/").content.decode()


def test_another_cause_is_said_beside_the_evidence(no_show, desk):
    address = f"/figures/causes/of/{no_show.pk}/"
    assert "none recorded" in desk.get(address).content.decode()

    assert desk.post(address, {"cause": "road", "reason": ""}).status_code == 422
    desk.post(address, {"cause": "road", "reason": "Flooded bridge"})

    page = desk.get(address).content.decode()
    assert "The record says: Never left" in page
    assert "Flooded bridge" in page
    assert no_show.number in desk.get("/figures/causes/by/road/", PERIOD).content.decode()


def test_nobody_else_reads_or_says_it(no_show, auditors_desk, browse, globex):
    other = browse("bob@globex.example", "globex")
    address = f"/figures/causes/of/{no_show.pk}/"

    assert other.get(address).status_code == 404
    assert other.post(address, {"cause": "road", "reason": "x"}).status_code == 404
    assert no_show.number not in other.get("/figures/causes/by/no_show/", PERIOD).content.decode()
    for closed in ("/figures/causes/", address, "/figures/causes/rates/"):
        assert auditors_desk.get(closed).status_code in (302, 403)
