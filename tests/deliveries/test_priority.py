"""Priority of deliveries: read from orders, set for many at once, kept in the shipper's own history."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from apps.accounts.actors import Actor
from apps.consignments.models import Priority
from apps.core.errors import IllegalTransition, PermissionRefused
from apps.deliveries import services
from apps.deliveries.errors import UnknownDelivery
from apps.deliveries.models import Delivery, PriorityChange
from apps.deliveries.statement import Statement
from apps.facilities.models import Site
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.deliveries.conftest import DAY
from tests.factories.cast import NOW

HEAD = "consignment,site,date,article,quantity,priority"


def bring_in(actor: Actor, *rows: str) -> list[tuple[int, str, str, str]]:
    """Import rows and group them; the refused rows."""
    content = "\n".join([HEAD, *rows]).encode()
    brought = services.import_orders(actor=actor, file_name="orders.csv", content=content, now=NOW)
    if brought.created:
        services.group_consignments(actor=actor, now=NOW)
    return [(e["row"], e["column"], e["value"], e["reason"]) for e in brought.report]


@pytest.fixture
def three(at_acme: Shipper, alice: Actor) -> list[Delivery]:
    """Deliveries for three days, of normal priority."""
    for number in range(3):
        bring_in(alice, f"C-{number},NH1,{DAY + timedelta(days=number)},Gloves,1,")
    return list(Delivery.objects.order_by("number"))


def history() -> list[tuple[str, str, str, str]]:
    rows = PriorityChange.objects.order_by("delivery__number", "id")
    return list(rows.values_list("delivery__number", "before", "after", "actor_name"))


def test_a_delivery_matters_as_much_as_the_order_that_matters_most(at_acme: Shipper, alice: Actor) -> None:
    later = DAY + timedelta(days=1)
    bring_in(
        alice,
        f"C-1,NH1,{DAY},Gloves,1,can wait",
        f"C-2,NH1,{DAY},Masks,1,First",
        f"C-3,NH1,{later},Gowns,1,CAN_WAIT",
    )

    of_days = dict(Delivery.objects.values_list("day", "priority"))
    assert of_days == {DAY: "first", later: "can_wait"}
    assert history() == []


def test_a_bad_priority_keeps_its_order_out_and_names_the_column(at_acme: Shipper, alice: Actor) -> None:
    report = bring_in(
        alice, f"C-1,NH1,{DAY},A,1,urgent", f"C-2,NH1,{DAY},A,1,first", f"C-2,NH1,{DAY},B,1,normal"
    )

    assert report == [
        (2, "priority", "urgent", "is none of first, normal, can_wait"),
        (3, "consignment", "C-2", "left out because row 4 of the same consignment is wrong"),
        (4, "priority", "normal", "row 3 of the same consignment says first"),
    ]
    assert not Delivery.objects.exists()


def test_saying_normal_is_no_change_to_a_file_that_said_nothing(at_acme: Shipper, alice: Actor) -> None:
    bring_in(alice, f"C-1,NH1,{DAY},Gloves,1,")

    assert bring_in(alice, f"C-1,NH1,{DAY},Gloves,1,normal") == []
    ((_, column, _, reason),) = bring_in(alice, f"C-1,NH1,{DAY},Gloves,1,first")
    assert (column, reason) == (
        "consignment",
        "this number is known with other content; nothing of it was changed",
    )


def test_many_are_set_at_once_and_what_changed_is_on_record(three: list[Delivery], alice: Actor) -> None:
    ids = [one.pk for one in three]
    services.set_priority(actor=alice, delivery_ids=ids[:1], priority=Priority.FIRST, now=NOW)
    changed = services.set_priority(actor=alice, delivery_ids=ids, priority=Priority.FIRST, now=NOW)

    assert [one.number for one in changed] == ["D000002", "D000003"]
    assert set(Delivery.objects.values_list("priority", flat=True)) == {"first"}
    assert history() == [(one.number, "normal", "first", "Alice Adams") for one in three]


def test_one_that_is_loaded_leaves_all_as_they_were(three: list[Delivery], alice: Actor) -> None:
    Delivery.objects.filter(pk=three[1].pk).update(state="loaded")

    with pytest.raises(IllegalTransition, match=r"^D000002: priority is set before goods are loaded"):
        services.set_priority(
            actor=alice, delivery_ids=[one.pk for one in three], priority=Priority.FIRST, now=NOW
        )

    assert set(Delivery.objects.values_list("priority", flat=True)) == {"normal"}
    assert history() == []


def test_who_does_not_plan_here_sets_none(
    three: list[Delivery], bob: Actor, rita: Actor, arthur: Actor, globex: Shipper
) -> None:
    for stranger in (arthur, rita):
        with pytest.raises(PermissionRefused):
            services.set_priority(
                actor=stranger, delivery_ids=[three[0].pk], priority=Priority.FIRST, now=NOW
            )
    with doorway.enter_shipper(globex), pytest.raises(UnknownDelivery):
        services.set_priority(actor=bob, delivery_ids=[three[0].pk], priority=Priority.FIRST, now=NOW)

    assert history() == []


def test_the_database_keeps_the_history_as_it_was_written(three: list[Delivery], alice: Actor) -> None:
    services.set_priority(actor=alice, delivery_ids=[three[0].pk], priority=Priority.FIRST, now=NOW)

    for attempt in (
        lambda: PriorityChange.objects.update(after="can_wait"),
        lambda: PriorityChange.objects.all().delete(),
    ):
        with pytest.raises(ProgrammingError), transaction.atomic():
            attempt()
    with pytest.raises(IntegrityError), transaction.atomic():
        PriorityChange.objects.create(
            delivery=three[0], before="first", after="first", actor_name="A", at=NOW
        )


def priorities() -> dict[str, str]:
    return dict(Delivery.objects.order_by("number").values_list("number", "priority"))


@pytest.mark.parametrize("on_the_leg", [False, True])
def test_a_leg_that_is_there_already_has_the_priority_of_its_goods(
    three: list[Delivery], terminal: Site, alice: Actor, on_the_leg: bool
) -> None:
    leg = services.send_via(actor=alice, delivery_id=three[0].pk, terminal_id=terminal.pk, now=NOW)
    named = leg if on_the_leg else three[0]

    changed = services.set_priority(actor=alice, delivery_ids=[named.pk], priority=Priority.CAN_WAIT, now=NOW)

    assert [one.number for one in changed] == ["D000001", leg.number]
    assert priorities() == {
        "D000001": "can_wait",
        "D000002": "normal",
        "D000003": "normal",
        leg.number: "can_wait",
    }
    assert history() == [(one.number, "normal", "can_wait", "Alice Adams") for one in (three[0], leg)]


def test_a_leg_that_is_loaded_keeps_what_it_had_and_takes_no_other(
    delivery: Delivery, terminal: Site, alice: Actor
) -> None:
    leg = services.send_via(actor=alice, delivery_id=delivery.pk, terminal_id=terminal.pk, now=NOW)
    services.record_loading(actor=alice, delivery_id=leg.pk, vehicle="GP 1", now=NOW)

    with pytest.raises(IllegalTransition, match=f"^{leg.number}: priority is set before goods are loaded"):
        services.set_priority(actor=alice, delivery_ids=[leg.pk], priority=Priority.FIRST, now=NOW)
    assert set(priorities().values()) == {"normal"}
    services.set_priority(actor=alice, delivery_ids=[delivery.pk], priority=Priority.FIRST, now=NOW)

    assert priorities() == {delivery.number: "first", leg.number: "normal"}
    assert history() == [(delivery.number, "normal", "first", "Alice Adams")]


def test_what_brings_goods_again_has_it_with_the_leg_to_its_terminal_and_what_is_over_stays(
    unloading: Delivery, terminal: Site, alice: Actor, otto: Actor
) -> None:
    statement = Statement(released_by="D. Driver", received_by="Otto Ono", refused=True, reservation="Late")
    services.hand_over(actor=otto, delivery_id=unloading.pk, statement=statement, now=NOW)
    back = services.take_back(actor=alice, delivery_id=unloading.pk, now=NOW)
    again = services.bring_again(actor=alice, delivery_id=unloading.pk, now=NOW)
    leg = services.send_via(actor=alice, delivery_id=again.pk, terminal_id=terminal.pk, now=NOW)

    services.set_priority(actor=alice, delivery_ids=[leg.pk], priority=Priority.FIRST, now=NOW)

    assert priorities() == {
        unloading.number: "normal",
        back.number: "normal",
        again.number: "first",
        leg.number: "first",
    }
