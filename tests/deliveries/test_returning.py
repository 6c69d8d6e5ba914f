"""What came back waits until somebody has looked at it; then stock rises by what is put back, once."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment
from apps.consignments.models import StockedArticle
from apps.core.errors import PermissionRefused
from apps.deliveries import services
from apps.deliveries.errors import NothingToFollow, ReturnRefused, UnknownDelivery
from apps.deliveries.models import Delivery, Discrepancy, ReturnedLine
from apps.deliveries.returned import returned_of, undecided
from apps.deliveries.services import Decision
from apps.deliveries.statement import Statement, UnitFinding
from apps.facilities.models import Site
from apps.routing.depots import origins_of
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.deliveries.conftest import DAY
from tests.deliveries.test_legs import receive, ssccs_of
from tests.deliveries.test_stock import NEVIRAPINE, ZIDOVUDINE, figures, set_off, stock
from tests.factories.cast import NOW

__all__ = ["stock"]

REFUSED = Discrepancy.Kind.REFUSED


@pytest.fixture
def deliver(
    confirmed: Appointment, delivery: Delivery, stock: Site, alice: Actor, otto: Actor, drain: Callable
) -> Callable[..., Delivery]:
    """``deliver(finding, …)``: the goods left the stock and were handed over with these findings."""

    def make(*findings: UnitFinding) -> Delivery:
        drain()
        set_off(alice, delivery)
        services.record_arrival(actor=otto, delivery_id=delivery.pk, now=NOW)
        services.start_unloading(actor=otto, delivery_id=delivery.pk, now=NOW)
        statement = Statement(released_by="D. Driver", received_by="Otto Ono", findings=findings)
        services.hand_over(actor=otto, delivery_id=delivery.pk, statement=statement, now=NOW)
        return Delivery.objects.get(pk=delivery.pk)

    return make


@pytest.fixture
def all_back(deliver: Callable[..., Delivery], delivery: Delivery, alice: Actor) -> Delivery:
    """The leg that brought all of it back: 40 of Zidovudine on two pallets, 10 of Nevirapine on one."""
    deliver(*(UnitFinding(REFUSED, sscc, reason="expiry") for sscc in ssccs_of(delivery)))
    leg = services.take_back(actor=alice, delivery_id=delivery.pk, now=NOW)
    receive(alice, leg, ssccs_of(leg))
    return leg


def waiting() -> list[tuple[str, Decimal, bool, int]]:
    """Article, how many at most, whether so many exactly, and on how many units."""
    rows = undecided().order_by("item__article")
    return [(one.item.article, one.quantity, one.is_counted, len(one.ssccs)) for one in rows]


def line_of(article: str) -> ReturnedLine:
    return ReturnedLine.objects.get(item__article=article)


def decide(
    actor: Actor,
    article: str,
    put_back: int,
    written_off: int = 0,
    site: Site | None = None,
    **why: str,
) -> services.Decided:
    line = line_of(article)
    decision = Decision(
        line.pk, Decimal(put_back), Decimal(written_off), site_id=(site or line.site).pk, **why
    )
    return services.decide_returned(actor=actor, delivery_id=line.delivery_id, decisions=[decision], now=NOW)


def test_until_somebody_decides_what_came_back_is_in_no_stock(all_back: Delivery, stock: Site) -> None:
    assert figures(stock) == [(Decimal(60), Decimal(0)), (Decimal(0), Decimal(6))]
    assert waiting() == [(NEVIRAPINE, Decimal(10), True, 1), (ZIDOVUDINE, Decimal(40), True, 2)]


def test_stock_rises_by_what_is_put_back_and_by_nothing_that_is_written_off(
    all_back: Delivery, stock: Site, alice: Actor
) -> None:
    decided = decide(alice, ZIDOVUDINE, 33, 7, reason="damaged", note="Corner crushed")

    assert figures(stock) == [(Decimal(93), Decimal(0)), (Decimal(0), Decimal(6))]
    assert (len(decided.lines), decided.uncounted) == (1, ())
    line = line_of(ZIDOVUDINE)
    assert (line.put_back, line.written_off, line.reason, line.note) == (33, 7, "damaged", "Corner crushed")
    assert (line.stocked_at, line.decided_by, line.decided_at) == (stock, "Alice Adams", NOW)
    assert waiting() == [(NEVIRAPINE, Decimal(10), True, 1)]


def test_it_may_be_put_back_at_another_own_site_and_where_nobody_counts_no_figure_rises(
    all_back: Delivery, stock: Site, terminal: Site, northern_site: Site, alice: Actor
) -> None:
    StockedArticle.objects.create(site=terminal, article=ZIDOVUDINE, quantity=7)
    with pytest.raises(ReturnRefused, match="choose the site of your own"):
        decide(alice, ZIDOVUDINE, 40, site=northern_site)
    moved = decide(alice, ZIDOVUDINE, 40, site=terminal)
    uncounted = decide(alice, NEVIRAPINE, 10, site=terminal)

    assert figures(terminal) == [(Decimal(47), Decimal(0))]
    assert figures(stock) == [(Decimal(60), Decimal(0)), (Decimal(0), Decimal(6))]
    assert [[one.item.article for one in each.uncounted] for each in (moved, uncounted)] == [[], [NEVIRAPINE]]


def test_planning_gives_from_what_was_put_back(
    all_back: Delivery, terminal: Site, stock: Site, alice: Actor
) -> None:
    StockedArticle.objects.create(site=terminal, article=ZIDOVUDINE, quantity=39)
    order = (
        "consignment,origin,site,date,article,quantity,weight_kg,pallets\n"
        f"C-9,{stock.code},NH1,{DAY},{ZIDOVUDINE},40,300,1"
    )
    services.import_orders(actor=alice, file_name="o.csv", content=order.encode(), now=NOW)
    (ordered,) = services.group_consignments(actor=alice, now=NOW)

    before = origins_of([ordered], [stock, terminal]).of[ordered.pk]
    decide(alice, ZIDOVUDINE, 1, 39, site=terminal, reason="damaged")
    after = origins_of([ordered], [stock, terminal]).of[ordered.pk]

    assert (before, after) == ({stock.pk}, {stock.pk, terminal.pk})


@pytest.mark.parametrize(
    ("put_back", "written_off", "reason", "note", "why"),
    [
        (41, 0, "", "", "no more than 40 pack can have come back"),
        (39, 0, "", "", "40 pack came back; say of all of it"),
        (-1, 41, "damaged", "", "less than nothing"),
        (39, 1, "", "", "say why some of it is written off"),
        (39, 1, "bored", "", "say why some of it is written off"),
        (39, 1, "other", " ", "write a note"),
    ],
)
def test_what_does_not_go_with_what_came_changes_nothing(
    all_back: Delivery,
    stock: Site,
    alice: Actor,
    put_back: int,
    written_off: int,
    reason: str,
    note: str,
    why: str,
) -> None:
    with pytest.raises(ReturnRefused, match=why):
        decide(alice, ZIDOVUDINE, put_back, written_off, reason=reason, note=note)

    assert figures(stock)[0] == (Decimal(60), Decimal(0))
    assert len(waiting()) == 2


def test_several_lines_are_decided_all_or_none(all_back: Delivery, stock: Site, alice: Actor) -> None:
    right = Decision(line_of(NEVIRAPINE).pk, Decimal(10), Decimal(0), site_id=stock.pk)
    wrong = Decision(line_of(ZIDOVUDINE).pk, Decimal(50), Decimal(0), site_id=stock.pk)
    for decisions in ([right, wrong], []):
        with pytest.raises(ReturnRefused):
            services.decide_returned(actor=alice, delivery_id=all_back.pk, decisions=decisions, now=NOW)

    assert (len(waiting()), figures(stock)[1]) == (2, (Decimal(0), Decimal(6)))


def test_nothing_is_decided_twice(all_back: Delivery, stock: Site, alice: Actor) -> None:
    decide(alice, ZIDOVUDINE, 40)
    with pytest.raises(ReturnRefused, match="decided meanwhile"):
        decide(alice, ZIDOVUDINE, 40)

    assert figures(stock)[0] == (Decimal(100), Decimal(0))


def test_the_database_itself_lets_no_more_be_decided_than_came_and_nothing_twice(
    all_back: Delivery, stock: Site, alice: Actor
) -> None:
    decide(alice, NEVIRAPINE, 10)
    open_, decided = line_of(ZIDOVUDINE), line_of(NEVIRAPINE)
    facts = {"decided_at": NOW, "decided_by": "Alice Adams", "stocked_at": stock}
    lines = ReturnedLine.objects

    for attempt in (
        lambda: lines.filter(pk=open_.pk).update(**facts, put_back=40, written_off=1, reason="damaged"),
        lambda: lines.filter(pk=open_.pk).update(**facts, put_back=-1, written_off=0),
        lambda: lines.filter(pk=open_.pk).update(**facts, put_back=39, written_off=1),
        lambda: lines.filter(pk=open_.pk).update(**{**facts, "stocked_at": None}, put_back=40, written_off=0),
        lambda: lines.filter(pk=open_.pk).update(**{**facts, "decided_by": ""}, put_back=40, written_off=0),
        lambda: lines.filter(pk=open_.pk).update(put_back=40),
        lambda: lines.filter(pk=open_.pk).update(quantity=400),
        lambda: lines.filter(pk=decided.pk).update(put_back=9),
        lambda: lines.filter(pk=decided.pk).update(
            decided_at=None, put_back=None, written_off=None, stocked_at=None, decided_by=""
        ),
        lambda: lines.create(
            delivery=all_back, item=open_.item, site=stock, quantity=1, is_counted=True, at=NOW
        ),
        # the same goods once more, with another delivery
        lambda: lines.create(
            delivery=all_back.leg_for,
            item=decided.item,
            site=stock,
            quantity=1,
            is_counted=True,
            at=NOW,
            **facts,
            put_back=1,
            written_off=0,
        ),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()
    with pytest.raises(ProgrammingError), transaction.atomic():
        lines.all().delete()


def test_where_a_consignment_did_not_come_back_whole_the_line_is_the_most_that_came(
    deliver: Callable[..., Delivery], delivery: Delivery, stock: Site, alice: Actor
) -> None:
    refused = ssccs_of(delivery)[0]
    deliver(UnitFinding(REFUSED, refused, reason="packaging"))
    leg = services.take_back(actor=alice, delivery_id=delivery.pk, now=NOW)
    on_the_way = waiting()
    receive(alice, leg, [refused])

    assert (on_the_way, waiting()) == ([], [(ZIDOVUDINE, Decimal(40), False, 1)])
    with pytest.raises(ReturnRefused, match="no more than 40 pack"):
        decide(alice, ZIDOVUDINE, 41)
    decide(alice, ZIDOVUDINE, 20)
    assert (waiting(), figures(stock)[0][0]) == ([], Decimal(80))


def test_what_did_not_come_is_nobodys_to_decide_and_what_came_besides_is(
    deliver: Callable[..., Delivery], delivery: Delivery, alice: Actor
) -> None:
    """Of two units that were refused one came, and a third that the site had called short."""
    first, second, third = ssccs_of(delivery)
    deliver(
        UnitFinding(REFUSED, first, reason="packaging"),
        UnitFinding(REFUSED, third, reason="packaging"),
        UnitFinding(Discrepancy.Kind.SHORT, second),
    )
    leg = services.take_back(actor=alice, delivery_id=delivery.pk, now=NOW)
    receive(alice, leg, [first, second])

    assert waiting() == [(ZIDOVUDINE, Decimal(40), True, 2)]


def test_what_was_turned_away_by_the_line_waits_with_its_quantity(
    deliver: Callable[..., Delivery], delivery: Delivery, stock: Site, alice: Actor
) -> None:
    deliver(
        UnitFinding(REFUSED, item="C-1/1", quantity=Decimal(5), reason="expiry"),
        UnitFinding(Discrepancy.Kind.WRONG, item="C-1/1", quantity=Decimal(2)),
        UnitFinding(Discrepancy.Kind.DAMAGED, item="C-2/1", quantity=Decimal(3)),
    )

    assert waiting() == [(ZIDOVUDINE, Decimal(7), True, 0)]
    decide(alice, ZIDOVUDINE, 5, 2, reason="missing")
    assert figures(stock)[0][0] == Decimal(65)


def test_what_of_a_pickup_was_turned_away_waits_where_it_stood(
    delivery: Delivery, stock: Site, alice: Actor, drain: Callable
) -> None:
    this = {"actor": alice, "delivery_id": delivery.pk, "now": NOW}
    services.choose_format(**this, format="pickup")
    code = services.ready_to_collect(**this).code
    drain()  # the delivery note is laid out
    refused = [UnitFinding(REFUSED, ssccs_of(delivery)[-1], reason="packaging")]
    statement = Statement(released_by="T. Hand", received_by="Otto Ono", findings=refused)
    services.hand_out(**this, code=code, statement=statement)

    assert waiting() == [(NEVIRAPINE, Decimal(10), True, 1)]
    decide(alice, NEVIRAPINE, 10)
    assert figures(stock) == [(Decimal(60), Decimal(0)), (Decimal(10), Decimal(6))]
    with pytest.raises(NothingToFollow):
        services.bring_again(**this)


def test_what_is_brought_again_is_not_put_away_as_well(
    all_back: Delivery, delivery: Delivery, stock: Site, alice: Actor
) -> None:
    again = services.bring_again(actor=alice, delivery_id=delivery.pk, now=NOW)

    assert waiting() == []
    with pytest.raises(ReturnRefused, match="brought again"):
        decide(alice, ZIDOVUDINE, 40)
    Delivery.objects.filter(pk=again.pk).update(state="cancelled")
    assert len(waiting()) == 2


def test_what_was_put_away_is_not_brought_again(all_back: Delivery, delivery: Delivery, alice: Actor) -> None:
    decide(alice, NEVIRAPINE, 10)
    left = [unit.sscc for unit in services.still_to_come(delivery)]
    again = services.bring_again(actor=alice, delivery_id=delivery.pk, now=NOW)

    assert (len(left), ssccs_of(again)) == (2, left)
    assert waiting() == []


def test_where_all_of_it_was_put_away_nothing_is_left_to_bring(
    all_back: Delivery, delivery: Delivery, alice: Actor
) -> None:
    decide(alice, NEVIRAPINE, 10)
    decide(alice, ZIDOVUDINE, 0, 40, reason="damaged")

    with pytest.raises(NothingToFollow):
        services.bring_again(actor=alice, delivery_id=delivery.pk, now=NOW)
    assert returned_of(delivery).count() == returned_of(all_back).count() == 2


def test_nobody_else_decides_and_nothing_crosses(
    all_back: Delivery,
    stock: Site,
    bob: Actor,
    rita: Actor,
    otto: Actor,
    arthur: Actor,
    globex: Shipper,
) -> None:
    line = line_of(ZIDOVUDINE)
    decision = Decision(line.pk, Decimal(40), Decimal(0), site_id=stock.pk)
    for stranger in (rita, otto, arthur):
        with pytest.raises(PermissionRefused):
            services.decide_returned(actor=stranger, delivery_id=all_back.pk, decisions=[decision], now=NOW)
    with doorway.enter_shipper(globex):
        with pytest.raises(UnknownDelivery):
            services.decide_returned(actor=bob, delivery_id=all_back.pk, decisions=[decision], now=NOW)
        assert not undecided().exists()
        with pytest.raises(ProgrammingError), transaction.atomic():
            ReturnedLine.objects.raw("SELECT * FROM t_acme.deliveries_returnedline")[0]

    assert (len(waiting()), figures(stock)[0][0]) == (2, Decimal(60))
