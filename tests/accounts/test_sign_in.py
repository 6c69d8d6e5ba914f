"""Signing in is for one host, and an account is the address that an invitation proved."""

import re

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from apps.accounts.actors import Organisation, Side
from apps.accounts.models import Membership, Person, Role
from apps.accounts.services import invite
from apps.tenancy import doorway
from tests.factories.cast import PASSWORD

HOSTS = ("acme.localhost", "globex.localhost", "localhost")


def sign_in(client: Client, email: str, host: str) -> None:
    client.post("/account/login/", {"login": email, "password": PASSWORD}, SERVER_NAME=host)


@pytest.mark.parametrize("host", ["globex.localhost", "localhost"])
def test_a_cookie_of_acmes_desk_opens_nothing_elsewhere(db, client, host):
    sign_in(client, "alice@acme.example", "acme.localhost")

    answer = client.get("/people/", SERVER_NAME=host)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/account/login/?next=/people/")


def test_a_session_that_does_not_say_where_it_was_opened_is_nobody(acme, db, client):
    with doorway.enter_shipper(acme):
        client.force_login(Person.objects.get(email="alice@acme.example"))

    assert client.get("/people/", SERVER_NAME="acme.localhost").status_code == 302


def test_next_door_nobody_knows_her(db, client):
    sign_in(client, "alice@acme.example", "globex.localhost")
    alice = {"login": "alice@acme.example", "password": PASSWORD}
    nobody = {"login": "nobody@acme.example", "password": PASSWORD}
    answers = [
        client.post("/account/login/", who, SERVER_NAME="globex.localhost").content.decode()
        for who in (alice, nobody)
    ]

    assert client.get("/people/", SERVER_NAME="globex.localhost").status_code == 302
    assert answers[0].replace("alice@", "nobody@").split("csrf")[0] == answers[1].split("csrf")[0]
    assert "are not correct" in answers[0]
    assert "http://localhost:8000/account/login/" in answers[0]


@pytest.mark.parametrize("name", ["account_email", "account_confirm_email"])
def test_nobody_takes_an_address_that_was_not_proven(db, browse, name):
    alice = browse("alice@acme.example", "acme")

    answer = alice.post("/account/email/", {"action_add": "", "email": "manager@northern.example"})

    assert answer.status_code == 404
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_a_link_to_a_new_password_leads_to_the_same_person_and_into_no_other_house(db, client, mailoutbox):
    client.post("/account/password/reset/", {"email": "alice@acme.example"}, SERVER_NAME="acme.localhost")
    link = re.search(r"http://acme\.localhost(/account/password/reset/key/\S+)", mailoutbox[-1].body)
    assert link is not None
    next_door = client.get(link.group(1), SERVER_NAME="globex.localhost", follow=True)
    form = client.get(link.group(1), SERVER_NAME="acme.localhost", follow=True)
    new = "quite another horse"
    client.post(form.request["PATH_INFO"], {"password1": new, "password2": new}, SERVER_NAME="acme.localhost")

    assert "This link no longer works" in next_door.content.decode()
    assert Person.objects.get(email="alice@acme.example").check_password(new)
    assert [client.get("/people/", SERVER_NAME=host).status_code for host in HOSTS] == [302, 302, 302]
    again = client.get(link.group(1), SERVER_NAME="acme.localhost", follow=True)
    assert "This link no longer works" in again.content.decode()


def test_an_invitation_of_acmes_opens_nothing_at_globex(
    acme, db, client, mailoutbox, browse, django_capture_on_commit_callbacks
):
    ada = browse("ada@acme.example", "acme")
    with django_capture_on_commit_callbacks(execute=True):
        ada.post("/people/", {"email": "new@acme.example", "role": "planner"})
    link = re.search(r"(/join/\S+/)", mailoutbox[-1].body)
    assert link is not None
    answers = [
        client.get(link.group(1), SERVER_NAME="globex.localhost"),
        client.post(link.group(1), {"name": "N", "password": PASSWORD}, SERVER_NAME="globex.localhost"),
    ]

    assert [answer.status_code for answer in answers] == [410, 410]
    assert all("Acme" not in answer.content.decode() for answer in answers)
    assert not Person.objects.filter(email="new@acme.example").exists()


def test_an_invitation_of_a_recipient_opens_nothing_at_a_desk(
    rita,
    northern,
    client,
    now,
    mailoutbox,
    django_capture_on_commit_callbacks,
):
    with django_capture_on_commit_callbacks(execute=True):
        invite(
            actor=rita,
            email="new@northern.example",
            role=Role.DOCK_OPERATOR,
            organisation=Organisation(Side.RECIPIENT, northern.name, northern.pk),
            link="/join/{token}/",
            now=now,
        )
    link = re.search(r"(/join/\S+/)", mailoutbox[-1].body)
    assert link is not None

    answer = client.get(link.group(1), SERVER_NAME="acme.localhost")

    assert answer.status_code == 410
    assert not Membership.objects.filter(person__email="new@northern.example").exists()
