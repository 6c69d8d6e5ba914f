"""The page of risks: by rules until there is history enough, with reasons, for planners alone."""

import pytest

from apps.figures import services
from apps.figures.models import RiskModel, VisitFacts
from apps.figures.prediction.training import train
from tests.factories.cast import NOW
from tests.figures.test_prediction import made_up


@pytest.fixture
def told(confirmed):
    services.count(now=NOW)
    services.foresee(now=NOW)
    return confirmed


def test_until_there_is_history_rules_tell_and_the_page_says_so(told, desk):
    page = desk.get("/figures/risks/").content.decode()

    assert "Told by rules" in page
    assert "on no plan in force" in page
    assert f"/deliveries/{told.delivery_id}/" in page
    assert desk.get("/figures/risks/tables/risks/csv/").status_code == 200
    assert desk.get("/figures/risks/tables/calibration/csv/").status_code == 404


def test_a_model_shows_how_it_was_tested(told, desk):
    trained = train(made_up(1000))
    RiskModel.objects.create(
        trained_at=NOW,
        cases=1000,
        weights=trained.weights.value(),
        test=trained.test.value(),
        in_use=True,
        note=trained.why,
    )

    page = desk.get("/figures/risks/").content.decode()

    assert "learnt from your own deliveries" in page
    assert "times the usual share" in page
    assert "Told by rules" not in page
    assert desk.get("/figures/risks/tables/calibration/xlsx/").status_code == 200


def test_what_came_is_no_longer_listed(told, desk):
    VisitFacts.objects.update(came_at=NOW)

    assert "Nothing comes" in desk.get("/figures/risks/").content.decode()


def test_nobody_else_reads_it(told, auditors_desk, browse, globex):
    other = browse("bob@globex.example", "globex").get("/figures/risks/").content.decode()

    assert str(told.delivery_id) not in other
    assert auditors_desk.get("/figures/risks/").status_code in (302, 403)


def test_the_weeks_ahead_have_a_page_of_their_own(told, desk, auditors_desk):
    page = desk.get("/figures/demand/").content.decode()

    assert "Northern Hospital stores" in page
    assert "too little past" in page
    for name in ("gaps", "sites", "carriers"):
        assert desk.get(f"/figures/demand/tables/{name}/csv/").status_code == 200
    assert desk.get("/figures/demand/tables/nonsense/csv/").status_code == 404
    assert auditors_desk.get("/figures/demand/").status_code in (302, 403)
