"""Invitations: one link, one role, one use; only for one's own organisation."""

import re
from datetime import timedelta

import pytest

from apps.accounts.actors import Organisation, Side
from apps.accounts.models import Membership, Person, Role
from apps.accounts.services import InvitationClosed, accept_invitation, find_invitation, invite
from apps.accounts.services.invitations import RoleMismatch
from apps.core.errors import PermissionRefused


@pytest.fixture
def northern_organisation(northern):
    return Organisation(Side.RECIPIENT, northern.name, northern.pk)


def send(
    actor, organisation, now, mailoutbox, capture, *, role=Role.DOCK_OPERATOR, email="New@Northern.example"
):
    """Invite and return the token from the mail."""
    with capture(execute=True):
        invite(
            actor=actor,
            email=email,
            role=role,
            organisation=organisation,
            link="http://localhost:8000/join/{token}/",
            now=now,
        )
    found = re.search(r"/join/([^/]+)/", mailoutbox[-1].body)
    assert found is not None
    return found.group(1)


def test_an_invited_person_becomes_a_member_once(
    rita, northern_organisation, now, mailoutbox, django_capture_on_commit_callbacks
):
    token = send(rita, northern_organisation, now, mailoutbox, django_capture_on_commit_callbacks)

    person = accept_invitation(token=token, name="Nia New", password="a long enough one", now=now)

    assert (person.email, [m.role for m in person.memberships.all()]) == (
        "new@northern.example",
        ["dock_operator"],
    )
    with pytest.raises(InvitationClosed):
        accept_invitation(token=token, name="Somebody", password="a long enough one", now=now)


def test_somebody_with_an_account_keeps_name_and_password(
    rita, northern_organisation, now, mailoutbox, django_capture_on_commit_callbacks
):
    before = Person.objects.get(email="sam@southern.example").password
    token = send(
        rita,
        northern_organisation,
        now,
        mailoutbox,
        django_capture_on_commit_callbacks,
        email="sam@southern.example",
    )

    person = accept_invitation(token=token, name="Mallory", password="another one that is long", now=now)

    assert (person.name, person.password) == ("Sam Sithole", before)
    assert Membership.objects.filter(person=person).count() == 2


def test_a_link_runs_out(rita, northern_organisation, now, mailoutbox, django_capture_on_commit_callbacks):
    token = send(rita, northern_organisation, now, mailoutbox, django_capture_on_commit_callbacks)

    with pytest.raises(InvitationClosed):
        find_invitation(token=token, now=now + timedelta(days=7))


def test_nobody_invites_into_another_organisation(sam, otto, alice, northern_organisation, now):
    for outsider in (sam, otto, alice):
        with pytest.raises(PermissionRefused):
            invite(
                actor=outsider,
                email="x@example.org",
                role=Role.AUDITOR,
                organisation=northern_organisation,
                link="{token}",
                now=now,
            )


def test_a_recipient_has_no_planners(rita, northern_organisation, now):
    with pytest.raises(RoleMismatch, match="Dock operator"):
        invite(
            actor=rita,
            email="x@example.org",
            role=Role.PLANNER,
            organisation=northern_organisation,
            link="{token}",
            now=now,
        )
