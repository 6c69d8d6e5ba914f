"""Moving a delivery by hand on the plan page: by form without script, by dialog, refused in place."""

import pytest

from apps.routing.models import RoutePlan
from apps.tenancy import doorway
from tests.portal.desk.test_plan import planned, truck, warehouse  # noqa: F401 a planned day
from tests.routing.conftest import RIGID, make_carrier


@pytest.fixture
def second_truck(at_acme):
    return make_carrier("Rapid", RIGID, per_route=400_000)


@pytest.fixture
def url(planned, second_truck, delivery):  # noqa: F811
    return f"/plan/{planned.pk}/move/{delivery.pk}/"


def test_a_delivery_is_moved_by_a_form_without_script(url, planned, delivery, desk):  # noqa: F811
    plan_page = desk.get(f"/plan/?day={planned.day}").content.decode()
    form = desk.get(url).content.decode()
    answer = desk.post(url, {"plate": "RAP1", "position": ""})
    draft = RoutePlan.objects.get(version=2)

    assert f'href="{url}"' in plan_page
    assert all(
        text in form for text in ("HH 1 GP, Highveld Haulage (where it is now)", "RAP1, Rapid (not used yet)")
    )
    assert answer.url.endswith("&version=2")
    assert (draft.making, draft.routes.get().vehicle.plate) == ("moved", "RAP1")
    assert RoutePlan.objects.get(version=1).routes.get().vehicle.plate == "HH 1 GP"


def test_the_dialog_is_told_what_a_move_comes_to_and_led_on(url, desk):
    htmx = {"HX-Request": "true"}

    form = desk.get(url, headers=htmx).content.decode()
    verdict = desk.get(url, {"plate": "RAP1", "part": "verdict"}, headers=htmx).content.decode()
    done = desk.post(url, {"plate": "RAP1"}, headers=htmx)

    assert "<html" not in form + verdict
    assert "It fits as stop 1, ZAR" in verdict
    assert "<form" not in verdict
    assert done["HX-Redirect"].endswith("&version=2")


def test_what_can_not_be_is_refused_in_place_and_nothing_is_stored(url, desk):
    vehicle = make_carrier("Cold", {**RIGID, "temperature_classes": ["frozen"]}).vehicles.get()

    refused = desk.post(url, {"plate": vehicle.plate})
    unknown = desk.post(url, {"plate": "NOBODY"})
    beyond = desk.post(url, {"plate": "RAP1", "position": "7"})

    assert [answer.status_code for answer in (refused, unknown, beyond)] == [409, 422, 409]
    assert "goods are ambient, vehicle carries frozen" in refused.content.decode()
    assert 'role="alert"' in refused.content.decode()
    assert RoutePlan.objects.count() == 1


def test_nobody_else_moves_or_looks(url, browse, acme):
    bob, arthur = browse("bob@globex.example", "globex"), browse("arthur@acme.example", "acme")
    rita, at_globex = browse("rita@northern.example", "acme"), browse("alice@acme.example", "globex")

    asked = [person.get(url).status_code for person in (bob, arthur, rita, at_globex)]
    moved = [person.post(url, {"plate": "RAP1"}).status_code for person in (bob, arthur, rita, at_globex)]

    assert asked == moved == [404, 403, 302, 302]
    with doorway.enter_shipper(acme):
        assert RoutePlan.objects.count() == 1
