"""The host decides whose pages answer; no host ever answers with another's."""

import pytest

from apps.tenancy.models import Shipper


@pytest.mark.parametrize(
    "host", ["nobody.localhost", "evil.example", "acme.localhost.evil.example", "t_acme.localhost"]
)
def test_an_unknown_host_is_not_found(db, client, host):
    assert client.get("/account/login/", SERVER_NAME=host).status_code == 404


def test_a_forwarded_host_is_ignored(db, client):
    answer = client.get(
        "/account/login/", SERVER_NAME="nobody.localhost", HTTP_X_FORWARDED_HOST="acme.localhost"
    )

    assert answer.status_code == 404


def test_a_retired_shipper_answers_nobody(acme, client):
    Shipper.objects.filter(pk=acme.pk).update(state=Shipper.State.RETIRED)

    assert client.get("/account/login/", SERVER_NAME="acme.localhost").status_code == 404


def test_health_needs_neither_host_nor_database(client):
    answer = client.get("/healthz", SERVER_NAME="10.0.0.7")

    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_a_session_opened_at_one_host_is_nobody_at_another(db, client):
    client.post(
        "/account/login/",
        {"login": "alice@acme.example", "password": "correct horse battery"},
        SERVER_NAME="acme.localhost",
    )

    own = client.get("/people/", SERVER_NAME="acme.localhost")
    elsewhere = client.get("/people/", SERVER_NAME="globex.localhost")

    assert own.status_code == 200
    assert (elsewhere.status_code, elsewhere.headers["Location"]) == (302, "/account/login/?next=/people/")
