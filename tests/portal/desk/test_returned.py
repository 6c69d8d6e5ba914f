"""The desk's pages of goods that came back: listed, decided about line by line, closed to everybody else."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment
from apps.consignments.models import StockedArticle
from apps.deliveries import services
from apps.deliveries.models import Delivery, Discrepancy, ReturnedLine
from apps.deliveries.statement import Statement, UnitFinding
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.deliveries.test_legs import receive, ssccs_of
from tests.deliveries.test_stock import set_off
from tests.factories.cast import NOW

LIST = "/deliveries/returned/"


@pytest.fixture
def back(
    confirmed: Appointment, delivery: Delivery, alice: Actor, otto: Actor, drain: Callable[[], int]
) -> Delivery:
    """The leg that brought all of Acme's delivery back; 40 of Zidovudine, of which 60 are in stock, 10 of
    Nevirapine, of which no figure is kept."""
    StockedArticle.objects.create(site=delivery.origin, article="Zidovudine 300 mg", quantity=100)
    drain()
    set_off(alice, delivery)
    services.record_arrival(actor=otto, delivery_id=delivery.pk, now=NOW)
    services.start_unloading(actor=otto, delivery_id=delivery.pk, now=NOW)
    findings = [UnitFinding(Discrepancy.Kind.REFUSED, sscc, reason="expiry") for sscc in ssccs_of(delivery)]
    statement = Statement(released_by="D. Driver", received_by="Otto Ono", findings=findings)
    services.hand_over(actor=otto, delivery_id=delivery.pk, statement=statement, now=NOW)
    leg = services.take_back(actor=alice, delivery_id=delivery.pk, now=NOW)
    receive(alice, leg, ssccs_of(leg))
    return leg


def typed(article: str, **figures: object) -> dict[str, object]:
    """What the form of that article's line is filled in with."""
    line = ReturnedLine.objects.get(item__article__startswith=article)
    return {f"line-{line.pk}-{name}": value for name, value in {"site": line.site_id, **figures}.items()}


def test_what_came_back_is_listed_decided_and_on_record(
    back: Delivery, delivery: Delivery, desk: Client
) -> None:
    address = f"/deliveries/{back.pk}/returned/"
    first_page = desk.get("/").content.decode()
    waiting = desk.get(LIST).content.decode()
    asked = desk.get(address).content.decode()
    done = desk.post(
        address,
        {**typed("Zido", put_back=33, written_off=7, reason="damaged", note="Crushed"), **typed("Nevi")},
        follow=True,
    ).content.decode()
    still_waiting = desk.get(LIST).content.decode()
    decided = desk.get(f"{LIST}?show=decided").content.decode()
    of_delivery = desk.get(f"/deliveries/{delivery.pk}/").content.decode()

    assert f'href="{LIST}"' in first_page
    assert "2 returned lines to decide." in first_page
    assert ["Zidovudine 300 mg" in page for page in (waiting, asked, still_waiting, decided)] == [
        True,
        True,
        False,
        True,
    ]
    assert "Nevirapine 200 mg" in still_waiting
    assert "1 order line is decided." in done
    for page in (done, of_delivery):
        assert "33 pack put back to stock at Acme Medical warehouse" in page
        assert "7 pack written off (Damaged)" in page
        assert "Crushed" in page
        assert "decided about Zidovudine 300 mg that came back" in page
    assert f"Decide about what came with {back.number}" in of_delivery
    assert StockedArticle.objects.get().quantity == Decimal(93)


def test_when_all_of_it_is_decided_nothing_is_offered_to_be_brought_again(
    back: Delivery, delivery: Delivery, desk: Client
) -> None:
    page = f"/deliveries/{delivery.pk}/"
    before = desk.get(page).content.decode()
    done = desk.post(
        f"/deliveries/{back.pk}/returned/",
        {**typed("Zido", put_back=40), **typed("Nevi", put_back=10)},
        follow=True,
    ).content.decode()
    afterwards = desk.get(page).content.decode()
    empty = desk.get(f"/deliveries/{back.pk}/returned/").content.decode()

    assert ["Bring it again" in one for one in (before, afterwards)] == [True, False]
    assert "It came back and is decided about line by line" in afterwards
    assert "No figure of Nevirapine 200 mg is kept at Acme Medical warehouse, so none rose." in done
    assert "Nothing waits" in empty
    assert "Nothing waits" in desk.get(LIST).content.decode()


def test_what_is_brought_again_is_not_asked_about(
    back: Delivery, delivery: Delivery, desk: Client, alice: Actor
) -> None:
    services.bring_again(actor=alice, delivery_id=delivery.pk, now=NOW)

    assert "Is brought again" in desk.get(f"/deliveries/{delivery.pk}/").content.decode()
    assert "Nothing waits" in desk.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("figures", "status", "said"),
    [
        ({"put_back": 41}, 409, "no more than 40 pack can have come back"),
        ({"put_back": 39, "written_off": 1}, 409, "say why some of it is written off"),
        ({"put_back": -1}, 422, "greater than or equal to 0"),
        ({"note": "Crushed"}, 422, "Say how many, or leave all of it blank"),
        ({"put_back": 40, "site": "somewhere"}, 422, "Select a valid choice"),
        ({}, 409, "Say of at least one line"),
    ],
)
def test_a_refusal_is_said_above_what_was_typed(
    back: Delivery, desk: Client, figures: dict[str, object], status: int, said: str
) -> None:
    answer = desk.post(
        f"/deliveries/{back.pk}/returned/", {**typed("Zido", **figures), **typed("Nevi", note="")}
    )

    assert answer.status_code == status
    assert said in answer.content.decode()
    assert StockedArticle.objects.get().quantity == Decimal(60)


def test_the_list_asks_as_often_for_one_line_as_for_two(
    back: Delivery, desk: Client, django_assert_num_queries: Callable, django_assert_max_num_queries: Callable
) -> None:
    with django_assert_max_num_queries(12) as for_two:
        desk.get(LIST)
    queries = len(for_two.captured_queries)
    desk.post(f"/deliveries/{back.pk}/returned/", {**typed("Zido", put_back=40), **typed("Nevi")})
    desk.get(LIST)  # which shows the message

    with django_assert_num_queries(queries):
        desk.get(LIST)


def test_nobody_else_reaches_it_and_no_other_shippers_goods_are_listed(
    back: Delivery,
    delivery: Delivery,
    auditors_desk: Client,
    globex: Shipper,
    browse: Callable[..., Client],
) -> None:
    address = f"/deliveries/{back.pk}/returned/"
    decision = typed("Zido", put_back=40)
    strangers = browse("bob@globex.example", "globex")
    recipients = browse("rita@northern.example", "acme")
    hub = browse("rita@northern.example")
    listed = strangers.get(LIST)

    assert [auditors_desk.get(LIST).status_code, auditors_desk.post(address, decision).status_code] == [
        403
    ] * 2
    assert strangers.post(address, decision).status_code == 404
    assert (listed.status_code, "Zidovudine" in listed.content.decode()) == (200, False)
    assert recipients.post(address, decision).status_code in (302, 403)
    assert hub.post(address, decision).status_code == 404
    assert "put back to stock" not in auditors_desk.get(f"/deliveries/{delivery.pk}/").content.decode()
    assert StockedArticle.objects.get().quantity == Decimal(60)
    with doorway.enter_shipper(globex):
        assert not ReturnedLine.objects.exists()
