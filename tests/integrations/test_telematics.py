"""Telematics report positions by REST with a key of the right scope, for their shipper alone."""

import pytest

from apps.tenancy import doorway
from apps.tracking.models import Position, RefusedPosition
from tests.routing.conftest import RIGID, make_carrier

ROW = {
    "id": "1",
    "vehicle": "SWI1",
    "at": "2026-03-02T07:55:00+02:00",
    "latitude": -26.15,
    "longitude": 28.12,
    "speed_kmh": 54.4,
    "heading": 270,
}


@pytest.fixture
def post(system):
    def send(body, *scopes, **options):
        sender = system(*(scopes or ("positions.write",)), **options)
        return sender.client.post("/api/v1/positions", body, content_type="application/json")

    return send


@pytest.fixture
def vehicle(at_acme):
    return make_carrier("Swift", RIGID).vehicles.get()


def test_each_row_is_answered_in_its_order(post, vehicle):
    bad = [{**ROW, "id": "2", "latitude": 91}, "nothing", {**ROW, "id": "4", "at": "2026-03-02T07:55:00"}]

    answer = post({"positions": [ROW, *bad]})

    assert answer.status_code == 200
    body = answer.json()
    assert body["counts"] == {"accepted": 1, "refused": 3}
    assert body["answers"][0] == {"id": "1", "outcome": "accepted"}
    assert body["answers"][2] == {
        "id": "row 2",
        "outcome": "refused",
        "reason": "unreadable",
        "detail": "It could not be read.",
    }
    stored = Position.objects.get()
    assert (stored.vehicle_id, stored.speed_kmh, stored.heading) == (vehicle.pk, 54, 270)
    assert RefusedPosition.objects.filter(reason="unreadable").count() == 3


@pytest.mark.parametrize("body", [{}, {"positions": []}, {"positions": "all"}, []])
def test_what_is_no_batch_is_refused_whole(post, vehicle, body):
    answer = post(body)

    assert (answer.status_code, answer.json()["type"]) == (422, "urn:dockside:batch-invalid")


def test_more_rows_than_a_batch_takes_are_refused_whole(post, vehicle):
    assert post({"positions": [ROW] * 5001}).status_code == 413
    assert not Position.objects.exists()


def test_only_a_key_of_this_shipper_for_positions_opens_it(post, vehicle, client, globex):
    assert post({"positions": [ROW]}, "epcis.capture").status_code == 403
    assert post({"positions": [ROW]}, at="localhost").status_code == 404
    assert post({"positions": [ROW]}, of="globex", at="acme.localhost").status_code == 401
    client.defaults["SERVER_NAME"] = "acme.localhost"
    assert client.post("/api/v1/positions", {"positions": [ROW]}, "application/json").status_code == 401
    assert post({"positions": [ROW]}, of="globex").json()["answers"][0]["reason"] == "unknown_vehicle"
    assert not Position.objects.exists()
    with doorway.enter_shipper(globex):
        assert not Position.objects.exists()
