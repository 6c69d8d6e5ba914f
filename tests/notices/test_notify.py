"""Telling people: as each of them chose, once, in the transaction's wake, and nobody else's news."""

from collections.abc import Callable

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client

from apps.notices.kinds import Kind
from apps.notices.mailing import COMPOSERS, Mail
from apps.notices.models import Notice
from apps.notices.selectors import unread
from apps.notices.services import choose, notify, outside, recipient_people, shipper_people
from apps.tenancy import doorway
from apps.tenancy.models import Outbox


def said(**more: object) -> dict[str, object]:
    return {"kind": Kind.AGREED, "title": "Agreed", "body": "Tuesday", "path": "/deliveries/1/"} | more


def seen() -> set[tuple[str, str, bool]]:
    return {
        (notice.person.email if notice.person else "", notice.address, notice.in_portal)
        for notice in Notice.objects.select_related("person")
    }


def test_planners_are_told_in_the_portal_and_by_mail_with_the_page(acme, alice, drain):
    notify(audience=shipper_people(acme.pk), **said())
    drain()

    assert seen() == {(name, name, True) for name in ("alice@acme.example", "ada@acme.example")}
    assert sorted(message.to for message in mail.outbox) == [["ada@acme.example"], ["alice@acme.example"]]
    assert mail.outbox[0].subject == "Agreed"
    assert mail.outbox[0].body == "Tuesday\n\nhttp://acme.localhost:8000/deliveries/1/\n"


def test_where_a_recipient_has_a_mailbox_its_mail_goes_there(northern, rita, drain):
    notify(audience=recipient_people(northern.pk, mailbox=northern.email), **said())
    drain()

    assert seen() == {("", "dock@northern.example", False), ("rita@northern.example", "", True)}
    assert [message.to for message in mail.outbox] == [["dock@northern.example"]]


def test_everybody_is_told_as_they_chose(acme, alice, drain):
    with doorway.enter_shipper(acme):
        choose(actor=alice, wishes={kind: (False, kind == Kind.AGREED) for kind in Kind})
    for kind in (Kind.AGREED, Kind.ENDED):
        notify(audience=shipper_people(acme.pk), **said(kind=kind))
    drain()

    told = Notice.objects.filter(person_id=alice.person_id)
    assert [(notice.kind, notice.in_portal, notice.address) for notice in told] == [
        ("agreed", False, "alice@acme.example")
    ]


def test_a_shipper_may_tell_a_recipients_people_it_cannot_read(acme, northern, drain):
    with doorway.enter_shipper(acme):
        notify(audience=recipient_people(northern.pk), **said())
    drain()

    assert seen() == {("rita@northern.example", "rita@northern.example", True)}
    with doorway.enter_shipper(acme):
        assert not Notice.objects.exists()


def test_nobody_is_told_of_what_was_rolled_back(acme, drain):
    with pytest.raises(RuntimeError), transaction.atomic():
        notify(audience=shipper_people(acme.pk), **said())
        raise RuntimeError("the slot was taken")
    drain()

    assert seen() == set()
    assert mail.outbox == []


def test_a_mail_that_was_sent_is_not_sent_again(acme, drain):
    notify(audience=outside("dispatch@carrier.example", shipper_id=acme.pk), **said())
    drain()
    Outbox.objects.filter(name="notices.mail").update(done_at=None)
    drain()

    assert [message.to for message in mail.outbox] == [["dispatch@carrier.example"]]


def test_a_mail_whose_address_is_refused_holds_up_no_other(acme, drain, monkeypatch):
    def refuse(written: Mail, address: str) -> None:
        if address.startswith("ada"):
            raise OSError("mailbox full")
        mail.outbox.append(mail.EmailMessage(written.subject, written.body, None, [address]))

    monkeypatch.setattr("apps.notices.tasks.send", refuse)
    notify(audience=shipper_people(acme.pk), **said())
    drain()

    assert [message.to for message in mail.outbox] == [["alice@acme.example"]]
    assert Outbox.objects.filter(name="notices.mail", done_at=None).count() == 1


def test_a_composer_writes_the_mail_when_it_is_sent_and_may_have_nothing_to_say(acme, drain, monkeypatch):
    monkeypatch.setitem(
        COMPOSERS, "test", lambda notice: Mail("Later", str(notice.facts)) if notice.facts else None
    )
    for facts in ({"route": "R1"}, {}):
        notify(audience=outside("x@y.example", shipper_id=acme.pk), **said(composer="test", facts=facts))
    drain()

    assert [(message.subject, message.body) for message in mail.outbox] == [("Later", "{'route': 'R1'}")]
    assert Notice.objects.filter(mailed_at=None).count() == 0


@pytest.fixture
def told(acme, globex, northern, drain) -> None:
    """Everybody has a notice of their own."""
    notify(audience=shipper_people(acme.pk), **said(title="kestrel"))
    notify(audience=shipper_people(globex.pk), **said(title="heron"))
    notify(audience=recipient_people(northern.pk), **said(title="osprey"))
    drain()


def test_each_person_reads_what_they_were_told_at_this_host_alone(told, browse: Callable[..., Client]):
    pages = {
        (email, slug): browse(email, slug).get("/notices/").content.decode()
        for email, slug in (
            ("alice@acme.example", "acme"),
            ("bob@globex.example", "globex"),
            ("rita@northern.example", None),
            ("sam@southern.example", None),
            ("olga@network.example", None),
        )
    }

    words = {
        who: {word for word in ("kestrel", "heron", "osprey") if word in page} for who, page in pages.items()
    }
    assert list(words.values()) == [{"kestrel"}, {"heron"}, {"osprey"}, set(), set()]


def test_opening_a_notice_marks_it_read_and_leads_to_its_page(told, acme, alice, browse):
    with doorway.enter_shipper(acme):
        notice = unread(alice).get()
    answer = browse("alice@acme.example", "acme").post(f"/notices/{notice.pk}/")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/deliveries/1/")
    with doorway.enter_shipper(acme):
        assert not unread(alice).exists()


def test_nobody_opens_anothers_notice(told, acme, ada_notice, browse):
    statuses = [
        browse(email, slug).post(f"/notices/{ada_notice.pk}/").status_code
        for email, slug in (
            ("alice@acme.example", "acme"),
            ("bob@globex.example", "globex"),
            ("rita@northern.example", None),
        )
    ]

    assert statuses == [404, 404, 404]
    assert Notice.objects.get(pk=ada_notice.pk).read_at is None


@pytest.fixture
def ada_notice(told) -> Notice:
    return Notice.objects.get(person__email="ada@acme.example")


def test_preferences_are_chosen_on_their_page(acme, alice, browse):
    page = browse("alice@acme.example", "acme")
    chosen = {"in_portal": ["offer"], "by_mail": ["offer", "agreed"]}

    assert page.post("/notices/preferences/", chosen).status_code == 302
    shown = page.get("/notices/preferences/").content.decode()
    assert (shown.count('value="offer"'), shown.count(" checked")) == (2, 3)
