"""Links: one purpose, until they end; once where once is right; a shipper's are no other's."""

from datetime import timedelta
from uuid import uuid4

import pytest

from apps.accounts.models import Link
from apps.accounts.services import LinkClosed, find_link, issue_link, revoke_links, use_link
from apps.tenancy import doorway

SUBJECT = uuid4()


@pytest.fixture
def token(acme, now):
    return issue_link(
        "test.answer",
        subject_id=SUBJECT,
        issued_to="x@example.org",
        expires_at=now + timedelta(days=1),
        shipper_id=acme.pk,
        facts={"slot": 2},
    )


def test_a_link_says_what_it_is_for_and_keeps_no_token(token, now):
    link = find_link(token, "test.answer", now=now)

    assert (link.subject_id, link.facts, link.issued_to) == (SUBJECT, {"slot": 2}, "x@example.org")
    assert token.encode() not in bytes(link.token_hash)


def test_using_a_link_closes_it(token, now):
    use_link(token, "test.answer", now=now)

    with pytest.raises(LinkClosed):
        use_link(token, "test.answer", now=now)
    with pytest.raises(LinkClosed):
        find_link(token, "test.answer", now=now)


def test_a_link_is_good_for_its_purpose_until_it_ends(token, now):
    for wrong in (
        {"token": token, "purpose": "test.other", "now": now},
        {"token": token, "purpose": "test.answer", "now": now + timedelta(days=1)},
        {"token": token[:-1], "purpose": "test.answer", "now": now},
    ):
        with pytest.raises(LinkClosed):
            find_link(**wrong)


def test_a_revoked_link_is_closed(token, now):
    assert revoke_links("test.answer", subject_id=SUBJECT, now=now) == 1

    with pytest.raises(LinkClosed):
        find_link(token, "test.answer", now=now)


def test_another_shippers_role_sees_no_link(token, globex, now):
    with doorway.enter_shipper(globex):
        with pytest.raises(LinkClosed):
            find_link(token, "test.answer", now=now)
        assert Link.objects.count() == 0
