"""The second factor of a handover: one code, to one person, for a while, with few tries."""

import re
from datetime import timedelta

import pytest

from apps.core.errors import PermissionRefused
from apps.custody.canonical import parse
from apps.custody.models import CustodyEvent
from apps.deliveries import services
from apps.deliveries.errors import CodeRefused
from apps.deliveries.models import Handover, HandoverCode
from apps.deliveries.services import Statement
from apps.facilities.models import Site
from apps.tenancy import doorway

STATEMENT = Statement(released_by="D. Driver", received_by="otto  ono")


@pytest.fixture
def end(confirmed):
    return confirmed.during.upper


@pytest.fixture
def asking(unloading):
    """Northern's site asks for a code."""
    with doorway.network():
        Site.objects.filter(pk=unloading.site_id).update(asks_code=True)
    return unloading


@pytest.fixture
def code_for(asking, otto, end, drain, mailoutbox, monkeypatch):
    """``code_for("Otto Ono")``: the digits that arrived by mail."""

    def ask(name="Otto Ono", now=end):
        monkeypatch.setattr("apps.deliveries.tasks.timezone.now", lambda: now)
        services.request_code(actor=otto, delivery_id=asking.pk, receiver=name, now=now)
        mailoutbox.clear()
        drain()
        (mail,) = [mail for mail in mailoutbox if "code" in mail.subject]
        assert mail.to == ["otto@northern.example"]
        return re.match(r"\d{6}", mail.body).group()

    return ask


def confirm(delivery, actor, code, now, **others):
    return services.confirm_code(actor=actor, delivery_id=delivery.pk, code=code, now=now, **others)


def hand_over(delivery, actor, now, statement=STATEMENT):
    return services.hand_over(actor=actor, delivery_id=delivery.pk, statement=statement, now=now)


def test_with_the_code_it_is_handed_over_and_the_record_says_so(asking, otto, end, code_for):
    code = code_for()
    with pytest.raises(CodeRefused, match="confirm by a code"):
        hand_over(asking, otto, end)
    assert confirm(asking, otto, code, end) == ""
    with pytest.raises(CodeRefused, match="Otto Ono"):
        hand_over(asking, otto, end, Statement(released_by="D.", received_by="Somebody else"))

    handover = hand_over(asking, otto, end)

    details = parse(bytes(CustodyEvent.objects.get(type="handover_accepted").canonical))["details"]
    assert handover.confirmed_by_code
    assert details["received_by"]["assurance"] == "captured_with_code"
    assert code not in HandoverCode.objects.get().code_hash


def test_a_code_has_few_tries(asking, otto, end, code_for):
    code = code_for()
    wrong = f"{(int(code) + 1) % 10**6:06}"

    answers = [confirm(asking, otto, wrong, end) for _ in range(5)]

    assert "4 tries" in answers[0]
    assert "0 tries" in answers[4]
    assert "too often" in confirm(asking, otto, code, end)
    assert not Handover.objects.exists()


def test_a_code_runs_out_unless_it_was_typed_before_and_a_new_one_ends_it(asking, otto, end, code_for):
    first = code_for()
    late = end + timedelta(minutes=40)

    assert "run out" in confirm(asking, otto, first, late)
    assert confirm(asking, otto, first, late, at=end + timedelta(minutes=2)) == ""

    second = code_for(now=late)
    assert "not the code" in confirm(asking, otto, first, late)
    assert confirm(asking, otto, second, late) == ""


def test_codes_go_to_people_of_the_site_alone_and_not_many(asking, otto, sam, alice, end):
    def request(name="Otto Ono", actor=otto):
        return services.request_code(actor=actor, delivery_id=asking.pk, receiver=name, now=end)

    for stranger in ("Nomsa Nkosi", "Sam Sithole", "Nadia Naude", "Alice Adams", ""):
        with pytest.raises(CodeRefused, match="nobody of that name"):
            request(stranger)
    for nobody in (sam, alice):
        with pytest.raises(PermissionRefused):
            request(actor=nobody)
        with pytest.raises(PermissionRefused):
            confirm(asking, nobody, "123456", end)
    for _ in range(5):
        request()
    with pytest.raises(CodeRefused, match="within the hour"):
        request()


def test_a_site_that_asks_for_none_sends_none(unloading, otto, end):
    with pytest.raises(CodeRefused, match="asks for no code"):
        services.request_code(actor=otto, delivery_id=unloading.pk, receiver="Otto Ono", now=end)
