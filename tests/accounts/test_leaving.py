"""Leaving an organisation: by its administrator's hand or one's own, at once, and never the last of them."""

import pytest

from apps.accounts.actors import Organisation, Side
from apps.accounts.models import Membership, Person, Role
from apps.accounts.services import (
    InvitationClosed,
    LastOfThem,
    UnknownMember,
    end_membership,
    find_invitation,
    withdraw_invitation,
)
from apps.core.errors import PermissionRefused
from tests.accounts.test_invitations import send


@pytest.fixture
def at_northern(northern):
    return Organisation(Side.RECIPIENT, northern.name, northern.pk)


@pytest.fixture
def at_acme_itself(acme):
    return Organisation(Side.SHIPPER, acme.name, acme.pk)


def role_of(email, role=None):
    roles = Membership.objects.filter(person__email=email)
    return (roles.filter(role=role) if role else roles).get()


def test_who_lost_the_role_is_out_with_the_next_click_and_told(
    browse, otto, rita, at_northern, northern_site, mailoutbox, django_capture_on_commit_callbacks
):
    page = browse("otto@northern.example")
    address = f"/sites/{northern_site.pk}/"
    assert page.get(address).status_code == 200

    with django_capture_on_commit_callbacks(execute=True):
        end_membership(
            actor=rita, membership_id=role_of("otto@northern.example").pk, organisation=at_northern
        )

    assert page.get(address).status_code == 403
    assert Person.objects.filter(email="otto@northern.example").exists()
    assert [mail.to for mail in mailoutbox] == [["otto@northern.example"]]
    assert "Rita Reyes ended your role at Northern Hospital: Dock operator" in mailoutbox[0].body


def test_the_last_administrator_stays(rita, at_northern):
    with pytest.raises(LastOfThem, match="only one here with the role “Receiving manager”"):
        end_membership(
            actor=rita, membership_id=role_of("rita@northern.example").pk, organisation=at_northern
        )

    assert role_of("rita@northern.example").role == Role.RECEIVING_MANAGER


def test_ones_own_role_may_be_given_up_by_anybody_and_others_by_administrators_alone(otto, at_northern):
    with pytest.raises(PermissionRefused):
        end_membership(
            actor=otto, membership_id=role_of("rita@northern.example").pk, organisation=at_northern
        )
    end_membership(actor=otto, membership_id=role_of("otto@northern.example").pk, organisation=at_northern)

    assert not Membership.objects.filter(person__email="otto@northern.example").exists()


def test_a_stranger_ends_nobody_elses_role(rita, sam, alice, at_northern, at_acme_itself, southern):
    """Neither by naming another organisation's member as one's own, nor at the other organisation."""
    sams = role_of("sam@southern.example").pk
    with pytest.raises(UnknownMember):
        end_membership(actor=rita, membership_id=sams, organisation=at_northern)
    with pytest.raises(PermissionRefused):
        end_membership(
            actor=rita,
            membership_id=sams,
            organisation=Organisation(Side.RECIPIENT, southern.name, southern.pk),
        )
    with pytest.raises(PermissionRefused):
        end_membership(actor=alice, membership_id=role_of("ada@acme.example").pk, organisation=at_acme_itself)

    assert Membership.objects.filter(pk=sams).exists()


def test_a_shippers_administrator_ends_a_role_at_the_desk(browse, acme, alice):
    alices = role_of("alice@acme.example")
    desk = browse("ada@acme.example", "acme")
    address = f"/people/{alices.pk}/end/"

    asked = desk.get(address)
    ended = desk.post(address)

    assert "End Alice Adams’s role" in asked.content.decode()
    assert (ended.status_code, ended.url) == (302, "/people/")
    assert not Membership.objects.filter(pk=alices.pk).exists()
    assert desk.post(address).status_code == 404


def test_the_page_says_why_the_last_one_stays(browse, rita):
    answer = browse("rita@northern.example").post(f"/people/{role_of('rita@northern.example').pk}/end/")

    assert answer.status_code == 409
    assert "Invite another one first." in answer.content.decode()


def test_a_planner_sees_no_way_to_end_anothers_role(browse, acme, alice):
    desk = browse("alice@acme.example", "acme")

    shown = desk.get("/people/").content.decode()

    assert shown.count("/end/") == 1
    assert f"/people/{role_of('alice@acme.example').pk}/end/" in shown
    assert desk.post(f"/people/{role_of('ada@acme.example').pk}/end/").status_code == 403


def test_an_invitation_that_was_taken_back_opens_nothing(
    rita, sam, at_northern, now, southern, mailoutbox, django_capture_on_commit_callbacks
):
    token = send(rita, at_northern, now, mailoutbox, django_capture_on_commit_callbacks)
    invitation = find_invitation(token=token, now=now)
    at_southern = Organisation(Side.RECIPIENT, southern.name, southern.pk)
    with pytest.raises(UnknownMember):
        withdraw_invitation(actor=sam, invitation_id=invitation.pk, organisation=at_southern, now=now)

    withdraw_invitation(actor=rita, invitation_id=invitation.pk, organisation=at_northern, now=now)

    with pytest.raises(InvitationClosed):
        find_invitation(token=token, now=now)
    with pytest.raises(UnknownMember):
        withdraw_invitation(actor=rita, invitation_id=invitation.pk, organisation=at_northern, now=now)
