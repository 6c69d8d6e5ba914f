"""Stock falls once as goods leave, whoever records it, and gets back exactly what it gave."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment
from apps.consignments.models import StockedArticle, StockTaken
from apps.consignments.selectors import taken_from_stock
from apps.deliveries import services
from apps.deliveries.models import Delivery, Discrepancy
from apps.deliveries.services.transitions import try_again
from apps.deliveries.statement import Statement, UnitFinding
from apps.deliveries.states import FailureReason
from apps.facilities.models import Site
from apps.routing.depots import origins_of
from apps.tenancy import doorway
from apps.tenancy.doorway import current_shipper
from apps.tenancy.models import Shipper
from tests.deliveries.test_legs import receive, ssccs_of
from tests.factories.cast import NOW

ZIDOVUDINE, NEVIRAPINE = "Zidovudine 300 mg", "Nevirapine 200 mg"


@pytest.fixture
def stock(acme: Shipper, delivery: Delivery) -> Site:
    """Acme's warehouse: 100 of what the delivery has 40 of, and 4 of what it has 10 of."""
    warehouse = delivery.origin
    StockedArticle.objects.create(site=warehouse, article="zidovudine 300 MG", quantity=100)
    StockedArticle.objects.create(site=warehouse, article=NEVIRAPINE, quantity=4)
    return warehouse


def figures(site: Site) -> list[tuple[Decimal | None, Decimal]]:
    """What is there and what left beyond that, of Zidovudine and of Nevirapine."""
    rows = StockedArticle.objects.filter(site=site).order_by("-article")
    return list(rows.values_list("quantity", "missing"))


BEFORE = [(Decimal(100), Decimal(0)), (Decimal(4), Decimal(0))]
AFTERWARDS = [(Decimal(60), Decimal(0)), (Decimal(0), Decimal(6))]


def set_off(alice: Actor, delivery: Delivery) -> None:
    services.record_loading(actor=alice, delivery_id=delivery.pk, now=NOW)
    services.record_departure(actor=alice, delivery_id=delivery.pk, now=NOW)


def test_stock_falls_as_the_goods_leave_and_no_lower_than_nothing(
    confirmed: Appointment, delivery: Delivery, stock: Site, alice: Actor
) -> None:
    services.record_loading(actor=alice, delivery_id=delivery.pk, now=NOW)
    loaded = figures(stock)
    services.record_departure(actor=alice, delivery_id=delivery.pk, now=NOW)

    assert (loaded, figures(stock)) == (BEFORE, AFTERWARDS)
    taken = taken_from_stock(delivery.pk)
    assert [(one.article, one.quantity, one.taken) for one in taken] == [
        (NEVIRAPINE, Decimal(10), Decimal(4)),
        ("zidovudine 300 MG", Decimal(40), Decimal(40)),
    ]


def test_it_falls_once_through_failure_and_arrival_and_where_nobody_recorded_the_departure(
    confirmed: Appointment, delivery: Delivery, stock: Site, alice: Actor, otto: Actor, drain: Callable
) -> None:
    drain()
    arrive = {"actor": otto, "delivery_id": delivery.pk, "now": NOW, "undeclared": True}
    services.record_arrival(**arrive)
    after_arrival = figures(stock)
    services.record_failure(
        actor=alice, delivery_id=delivery.pk, reason=FailureReason.RECEIVER_ABSENT, now=NOW
    )
    Appointment.objects.update(state="confirmed")
    services.record_arrival(**arrive)

    assert after_arrival == figures(stock) == AFTERWARDS
    assert StockTaken.objects.count() == 2


def test_goods_that_are_back_give_back_exactly_what_was_taken_whatever_was_counted_meanwhile(
    confirmed: Appointment, delivery: Delivery, stock: Site, alice: Actor
) -> None:
    set_off(alice, delivery)
    StockedArticle.objects.filter(article=NEVIRAPINE).update(quantity=50, missing=0)
    services.record_failure(
        actor=alice, delivery_id=delivery.pk, reason=FailureReason.RECEIVER_ABSENT, now=NOW
    )
    on_the_road = figures(stock)
    for _ in range(2):
        try_again(Delivery.objects.get(), actor=alice, now=NOW)

    assert on_the_road == [(Decimal(60), Decimal(0)), (Decimal(50), Decimal(0))]
    assert figures(stock) == [(Decimal(100), Decimal(0)), (Decimal(54), Decimal(0))]
    assert taken_from_stock(delivery.pk) == []

    set_off(alice, Delivery.objects.get())

    assert figures(stock) == [(Decimal(60), Decimal(0)), (Decimal(44), Decimal(0))]


def test_what_always_suffices_or_is_counted_no_more_is_left_alone(
    confirmed: Appointment, delivery: Delivery, stock: Site, alice: Actor
) -> None:
    StockedArticle.objects.filter(article=NEVIRAPINE).update(quantity=None)
    set_off(alice, delivery)
    StockedArticle.objects.exclude(article=NEVIRAPINE).delete()
    services.record_failure(
        actor=alice, delivery_id=delivery.pk, reason=FailureReason.RECEIVER_ABSENT, now=NOW
    )
    try_again(Delivery.objects.get(), actor=alice, now=NOW)

    assert figures(stock) == [(None, Decimal(0))]
    assert StockTaken.objects.get().back_at == NOW


def test_via_a_terminal_goods_leave_the_stock_where_they_were_and_not_that_of_the_terminal(
    confirmed: Appointment,
    delivery: Delivery,
    stock: Site,
    terminal: Site,
    alice: Actor,
) -> None:
    StockedArticle.objects.create(site=terminal, article=ZIDOVUDINE, quantity=7)
    leg = services.send_via(actor=alice, delivery_id=delivery.pk, terminal_id=terminal.pk, now=NOW)
    set_off(alice, leg)
    receive(alice, leg, ssccs_of(leg))
    set_off(alice, Delivery.objects.get(pk=delivery.pk))

    assert figures(stock) == AFTERWARDS
    assert figures(terminal) == [(Decimal(7), Decimal(0))]


def test_what_was_refused_and_is_brought_again_leaves_no_second_time(
    confirmed: Appointment, delivery: Delivery, stock: Site, alice: Actor, otto: Actor, drain: Callable
) -> None:
    drain()
    set_off(alice, delivery)
    services.record_arrival(actor=otto, delivery_id=delivery.pk, now=NOW)
    services.start_unloading(actor=otto, delivery_id=delivery.pk, now=NOW)
    refused = [UnitFinding(Discrepancy.Kind.REFUSED, sscc, reason="expiry") for sscc in ssccs_of(delivery)]
    statement = Statement(released_by="D. Driver", received_by="Otto Ono", findings=refused)
    services.hand_over(actor=otto, delivery_id=delivery.pk, statement=statement, now=NOW)
    again = services.bring_again(actor=alice, delivery_id=delivery.pk, now=NOW)
    leg = services.take_back(actor=alice, delivery_id=delivery.pk, now=NOW)
    receive(alice, leg, ssccs_of(leg))
    Delivery.objects.filter(pk=again.pk).update(state="loaded")
    services.record_departure(actor=alice, delivery_id=again.pk, now=NOW)

    assert figures(stock) == AFTERWARDS
    assert set(StockTaken.objects.values_list("delivery_number", flat=True)) == {delivery.number}


def test_a_plan_counts_what_has_left_once_and_what_is_still_to_leave_once(
    confirmed: Appointment,
    delivery: Delivery,
    stock: Site,
    terminal: Site,
    alice: Actor,
) -> None:
    """Of 100, 40 are the delivery's; another one of 60 fits beside it and not one more."""
    other = _another(alice, quantity=60)
    Delivery.objects.filter(pk=other.pk).update(origin=terminal)

    def may_leave_from_stock() -> bool:
        return stock.pk in origins_of([Delivery.objects.get(pk=other.pk)], [stock, terminal]).of[other.pk]

    waiting = may_leave_from_stock()
    services.record_loading(actor=alice, delivery_id=delivery.pk, now=NOW)
    loaded = may_leave_from_stock()
    services.record_departure(actor=alice, delivery_id=delivery.pk, now=NOW)
    gone = may_leave_from_stock()
    StockedArticle.objects.filter(quantity=60).update(quantity=59)

    assert (waiting, loaded, gone, may_leave_from_stock()) == (True, True, True, False)


def _another(alice: Actor, *, quantity: int) -> Delivery:
    """Ordered from Acme's cross-dock, so that the warehouse is only where it might leave from."""
    day = (NOW + timedelta(days=3)).date()
    head = "consignment,site,origin,date,article,quantity"
    order = f"{head}\nC-9,NH1,ACME-X,{day},{ZIDOVUDINE},{quantity}".encode()
    services.import_orders(actor=alice, file_name="more.csv", content=order, now=NOW)
    (made,) = services.group_consignments(actor=alice, now=NOW)
    return made


def test_another_shipper_s_stock_of_the_same_article_stays_as_it_is(
    confirmed: Appointment, delivery: Delivery, stock: Site, globex: Shipper, alice: Actor
) -> None:
    with doorway.enter_shipper(globex):
        theirs = Site.objects.get(shipper=globex)
        StockedArticle.objects.create(site=theirs, article=ZIDOVUDINE, quantity=100)
    set_off(alice, delivery)

    with doorway.enter_shipper(globex):
        assert figures(theirs) == BEFORE[:1]
        assert not StockTaken.objects.exists()


def test_the_database_takes_no_goods_twice_none_that_were_not_there_and_keeps_the_rows(
    confirmed: Appointment, delivery: Delivery, stock: Site, alice: Actor
) -> None:
    set_off(alice, delivery)
    row = StockTaken.objects.get(article=NEVIRAPINE)

    for attempt, error in (
        (lambda: StockedArticle.objects.update(quantity=-1), IntegrityError),
        (lambda: StockedArticle.objects.update(missing=-1), IntegrityError),
        (lambda: StockTaken.objects.update(taken=11), IntegrityError),
        (lambda: StockTaken.objects.create(**_copy(row)), IntegrityError),
        (lambda: StockTaken.objects.all().delete(), ProgrammingError),
    ):
        with pytest.raises(error), transaction.atomic():
            attempt()


def _copy(row: StockTaken) -> dict[str, object]:
    names = ("site_id", "gtin", "article", "delivery_id", "delivery_number", "quantity", "taken", "at")
    return {name: getattr(row, name) for name in names}


def test_two_vehicles_never_wait_for_each_other_s_articles(
    confirmed: Appointment, delivery: Delivery, stock: Site, alice: Actor
) -> None:
    """Whoever takes from a site has all of its stock to themselves until their transaction ends."""
    key = f"{current_shipper().schema_name} stock {stock.pk}"
    set_off(alice, delivery)

    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [key])
            assert cursor.fetchone() == (False,)
    finally:
        other.close()
