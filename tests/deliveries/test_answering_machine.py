"""Policies and the waiting list in any order with what people do: asking, answering, cancelling, expiry.

Against a small model of one hour at one dock: who has or holds which quarter hours, what each policy has to
answer, and who is next in the line. The calendar and the line must always be the model's.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from apps.accounts.actors import Actor
from apps.appointments.load import Slot
from apps.appointments.models import AnswerPolicy, Appointment, DockOccupancy, Offer, WaitingEntry
from apps.appointments.services import block_dock
from apps.appointments.services.waiting import leave_waiting_list
from apps.appointments.states import State, WaitingState
from apps.core.errors import DomainError
from apps.deliveries import services
from apps.deliveries.selectors import delivery_by_id
from apps.deliveries.services.policy_answers import answer_by_policy
from apps.facilities.models import Site
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.deliveries.conftest import DAY, order_file
from tests.factories.cast import NOW

QUARTER = timedelta(minutes=15)
OPENS = (time(13), time(13, 15), time(13, 30))  # every start of the hour, each half an hour long
ANSWER_WITHIN = timedelta(hours=3)
KEPT_FOR_NEXT = timedelta(minutes=30)
OTHER = {"shipper": "recipient", "recipient": "shipper"}
LIVE = (State.OFFERED, State.CONFIRMED)
STARTS = st.integers(0, 2)
SIDES = st.sampled_from(["shipper", "recipient"])
WHICH = st.integers(0, 3)
BATCHES = 10
STEPS = frozenset(
    {
        *("ask", "accept", "counter", "decline", "cancel", "expire", "join", "leave", "offer a freed slot"),
        *("policy accepts", "policy counters", "policy leaves it to a person"),
    }
)
REFUSED = frozenset({"ask", "accept", "join"})


@dataclass
class Known:
    """What the model knows of one delivery: its latest negotiation, and its place in the line."""

    delivery_id: UUID
    shipper: Shipper
    planner: Actor
    appointment_id: UUID | None = None
    state: State = State.CANCELLED
    agreed: int | None = None
    turn: str = ""
    slots: tuple[int, ...] = ()
    expires_at: datetime | None = None
    proposed: set[str] = field(default_factory=set)
    waits: str = ""
    waits_since: datetime | None = None
    offered_as: UUID | None = None

    def is_open(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at > now

    def taken(self, now: datetime) -> set[int]:
        """Quarter hours that are its own, counted from the first start."""
        mine = [] if self.agreed is None else [self.agreed]
        mine += self.slots if self.is_open(now) else ()
        return {quarter for start in mine for quarter in (start, start + 1)}

    def proposes(self, side: str, slots: list[int], until: datetime) -> None:
        self.state, self.turn, self.slots, self.expires_at = State.OFFERED, OTHER[side], tuple(slots), until
        self.proposed.add(side)

    def settles(self, state: State, agreed: int | None = None) -> None:
        self.state, self.agreed, self.turn, self.slots, self.expires_at = state, agreed, "", (), None


@dataclass(frozen=True)
class Policy:
    """What one side's policy says; it always wants the day itself."""

    accepts: bool
    counters: bool
    from_start: int


def test_no_order_of_policies_and_waiting_breaks_the_calendar_or_the_line(
    acme: Shipper, globex: Shipper, alice: Actor, bob: Actor, rita: Actor, northern_site: Site
) -> None:
    Site.objects.filter(pk=northern_site.pk).update(answer_within=ANSWER_WITHIN, min_lead_time=timedelta(0))
    dock = _only_one_hour(northern_site, rita)
    base = datetime.combine(DAY, OPENS[0], tzinfo=ZoneInfo(northern_site.time_zone))
    ordered = [_order(acme, alice, 1), _order(acme, alice, 2), _order(globex, bob, 3), _order(globex, bob, 4)]
    done: Counter[str] = Counter()
    refused: Counter[str] = Counter()

    def slots_at(starts: list[int]) -> list[Slot]:
        return [Slot(dock, base + s * QUARTER, base + (s + 2) * QUARTER) for s in starts]

    class Answering(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.savepoint = transaction.savepoint()
            self.now = NOW
            self.policies: dict[str, Policy] = {}
            self.known = [Known(*one) for one in ordered]

        def teardown(self) -> None:
            transaction.savepoint_rollback(self.savepoint)

        def free(self, wanted: list[int], besides: Known | None = None) -> bool:
            others = {q for one in self.known if one is not besides for q in one.taken(self.now)}
            apart = len(wanted) == 1 or abs(wanted[0] - wanted[1]) > 1
            return apart and not others & {quarter for start in wanted for quarter in (start, start + 1)}

        def free_starts(self, besides: Known | None = None) -> list[int]:
            return [start for start in range(3) if self.free([start], besides)]

        def attempt(self, step: str, one: Known, allowed: bool, call: Callable[[], object]) -> object:
            """What the call gave, in the shipper's schema; None when it was refused, as it must be."""
            try:
                with doorway.enter_shipper(one.shipper), transaction.atomic():
                    given = call()
            except DomainError:
                assert not allowed, f"{step} refused although the model allows it"
                refused[step] += 1
                return None
            assert allowed, f"{step} done although the model forbids it"
            done[step] += 1
            return given or True

        def one(self, which: int, fits: Callable[[Known], bool]) -> Known:
            """Whom a step is tried on: one that it fits, since hardly any does by chance; else any."""
            fitting = [one for one in self.known if fits(one)] or self.known
            return fitting[which % len(fitting)]

        def by(self, one: Known, side: str) -> Actor:
            return one.planner if side == "shipper" else rita

        def last_offer(self, one: Known) -> UUID | None:
            found = Offer.objects.filter(appointment_id=one.appointment_id).order_by("id").last()
            return found.pk if found else None

        @rule(side=SIDES, accepts=st.booleans(), counters=st.booleans(), start=st.sampled_from([0, 1, 2, 2]))
        def set_policy(self, side, accepts, counters, start):
            """Northern's for everybody, or Acme's own: Globex never has one."""
            AnswerPolicy.objects.update_or_create(
                side=side,
                site=northern_site,
                shipper=acme if side == "shipper" else None,
                defaults={
                    "accepts": accepts,
                    "counters": counters,
                    "opens": OPENS[start],
                    "weekdays": [DAY.isoweekday()],
                    "set_by": "",
                    "set_at": self.now,
                },
            )
            self.policies[side] = Policy(accepts, counters, start)

        @initialize(
            accepts=st.booleans(),
            start=STARTS,
            reached=st.sampled_from(
                ["new", "asked", "talked", "accepted", "full", "waiting", "freed", "overdue"]
            ),
        )
        def begin(self, accepts, start, reached):
            """Northern's policy answers as the run begins, and the hour is free, asked for or full."""
            self.set_policy("recipient", accepts, True, start)
            if reached != "new":
                self.ask(0, [0])
            if reached == "talked":
                self.set_policy("recipient", accepts, True, 2)
                self.policy_answers(0)
                self.counter(0, 0)
            if reached in ("full", "accepted", "waiting", "freed", "overdue"):
                self.ask(1, [2])
            if reached in ("waiting", "freed", "overdue"):
                self.join(2)
                self.join(3)
            if reached == "freed":
                self.cancel(0, "shipper")
                self.offer_freed()
            if reached == "accepted":
                self.set_policy("recipient", True, True, 0)
                self.policy_answers(0)
            if reached == "overdue":
                self.wait(180)
                self.expire()

        @rule(which=WHICH, wanted=st.lists(STARTS, min_size=1, max_size=2, unique=True))
        def ask(self, which, wanted):
            one = self.known[which]
            made = self.attempt(
                "ask",
                one,
                one.state not in LIVE and self.free(wanted),
                lambda: services.ask_for_slots(
                    actor=one.planner,
                    delivery=delivery_by_id(one.delivery_id),
                    slots=slots_at(wanted),
                    now=self.now,
                ),
            )
            if isinstance(made, Appointment):
                one.appointment_id, one.proposed = made.pk, set()
                one.proposes("shipper", wanted, self.now + ANSWER_WITHIN)

        @rule(which=WHICH, in_turn=st.sampled_from([True, True, True, False]))
        def accept(self, which, in_turn):
            one = self.one(which, lambda one: one.turn != "")
            if one.appointment_id is None:
                return
            side = one.turn if in_turn and one.turn else OTHER.get(one.turn, "recipient")
            if self.attempt(
                "accept",
                one,
                one.turn == side and one.is_open(self.now),
                lambda: services.accept_offer(
                    actor=self.by(one, side),
                    delivery=delivery_by_id(one.delivery_id),
                    offer_id=self.last_offer(one),
                    slot_index=0,
                    now=self.now,
                ),
            ):
                one.settles(State.CONFIRMED, one.slots[0])

        @rule(which=WHICH)
        def decline(self, which):
            one = self.one(which, lambda one: one.turn != "")
            if not one.turn:
                return
            if self.attempt(
                "decline",
                one,
                one.is_open(self.now),
                lambda: services.decline_offer(
                    actor=self.by(one, one.turn),
                    delivery=delivery_by_id(one.delivery_id),
                    offer_id=self.last_offer(one),
                    reason_code="other",
                    now=self.now,
                ),
            ):
                one.settles(State.DECLINED)

        @rule(which=WHICH, start=STARTS)
        def counter(self, which, start):
            one = self.one(which, lambda one: one.turn != "")
            side = one.turn
            if not side:
                return
            if self.attempt(
                "counter",
                one,
                self.free([start], one),
                lambda: services.counter_offer(
                    actor=self.by(one, side),
                    delivery=delivery_by_id(one.delivery_id),
                    appointment_id=one.appointment_id,
                    slots=slots_at([start]),
                    now=self.now,
                ),
            ):
                one.proposes(side, [start], self.now + ANSWER_WITHIN)

        @rule(which=WHICH, side=SIDES)
        def cancel(self, which, side):
            one = self.one(which, lambda one: one.state in LIVE)
            if one.state not in LIVE:
                return
            self.attempt(
                "cancel",
                one,
                True,
                lambda: services.cancel_appointment(
                    actor=self.by(one, side),
                    delivery=delivery_by_id(one.delivery_id),
                    appointment_id=one.appointment_id,
                    reason_code="other",
                    now=self.now,
                ),
            )
            one.settles(State.CANCELLED)

        @rule(which=WHICH)
        def policy_answers(self, which):
            one = self.one(which, lambda one: one.turn in self.policies)
            offer_id = self.last_offer(one) if one.appointment_id else None
            if offer_id is None:
                return
            expected = self.what_the_policy_answers(one)
            with doorway.enter_shipper(one.shipper):
                assert answer_by_policy(offer_id=offer_id, now=self.now) == expected[0]
            match expected:
                case ("accepted", starts):
                    done["policy accepts"] += 1
                    one.settles(State.CONFIRMED, starts[0])
                case ("countered", starts):
                    done["policy counters"] += 1
                    one.proposes(one.turn, starts, self.now + ANSWER_WITHIN)
                case _:
                    done["policy leaves it to a person"] += 1

        def what_the_policy_answers(self, one: Known) -> tuple[str, list[int]]:
            policy = self.policies.get(one.turn)
            if policy is None or not one.is_open(self.now):
                return "", []
            if one.turn == "shipper" and one.shipper != acme:
                return "", []
            inside = [start for start in one.slots if start >= policy.from_start]
            if inside:
                return ("accepted", inside[:1]) if policy.accepts else ("", [])
            if not policy.counters or one.turn in one.proposed:
                return "", []
            near: list[int] = []
            for start in self.free_starts(one):
                if start >= policy.from_start and all(abs(start - other) > 1 for other in near):
                    near.append(start)
            return ("countered", near) if near else ("", [])

        @rule(which=WHICH)
        def join(self, which):
            one = self.known[which]
            if self.attempt(
                "join",
                one,
                not one.waits and one.state not in LIVE and not self.free_starts(),
                lambda: services.wait_for_slot(
                    actor=one.planner,
                    delivery=delivery_by_id(one.delivery_id),
                    first_day=DAY,
                    last_day=DAY,
                    now=self.now,
                ),
            ):
                one.waits, one.waits_since = "waiting", self.now
                self.now += timedelta(seconds=1)  # nobody asks in the same moment

        @rule(which=WHICH)
        def leave(self, which):
            one = self.one(which, lambda one: one.waits == "waiting")
            entry = WaitingEntry.objects.filter(delivery_id=one.delivery_id).order_by("id").last()
            if entry is None:
                return
            with doorway.enter_shipper(one.shipper):
                leave_waiting_list(actor=one.planner, entry=entry, now=self.now)
            if one.waits == "waiting":
                done["leave"] += 1
                one.waits = ""

        @rule()
        def offer_freed(self):
            """The line is served in the order of asking, each the first free start."""
            for one in self.known:
                if one.waits == "offered" and not (
                    one.appointment_id == one.offered_as and one.state == State.OFFERED
                ):
                    one.waits = ""
            offered = 0
            for one in sorted(
                (one for one in self.known if one.waits == "waiting"), key=lambda one: one.waits_since
            ):
                free = self.free_starts()
                if free and one.state in LIVE:
                    one.waits = ""
                elif free:
                    one.waits, one.proposed = "offered", set()
                    one.proposes("recipient", free[:1], self.now + KEPT_FOR_NEXT)
                    offered += 1
            done["offer a freed slot"] += offered
            assert services.offer_freed_slots(now=self.now) == offered
            for one in self.known:
                if one.waits == "offered":
                    entry = WaitingEntry.objects.get(delivery_id=one.delivery_id, state=WaitingState.OFFERED)
                    one.appointment_id = one.offered_as = entry.appointment_id

        @rule(minutes=st.sampled_from([10, 30, 180]))
        def wait(self, minutes):
            self.now = min(self.now + timedelta(minutes=minutes), NOW + timedelta(hours=24))

        @rule()
        def expire(self):
            for shipper in (acme, globex):
                over = [
                    one
                    for one in self.known
                    if one.shipper == shipper and one.turn and not one.is_open(self.now)
                ]
                with doorway.enter_shipper(shipper):
                    assert services.expire_offers(now=self.now) == len(over)
                for one in over:
                    done["expire"] += 1
                    one.settles(State.EXPIRED)

        @invariant()
        def the_calendar_is_the_models(self):
            rows = DockOccupancy.objects.exclude(kind=DockOccupancy.Kind.BLOCK)
            held = [
                (row.appointment_id, (row.during.lower - base) // QUARTER + nth)
                for row in rows.exclude(hold_expires_at__lte=self.now)
                for nth in range((row.during.upper - row.during.lower) // QUARTER)
            ]
            assert len(held) == len({quarter for _, quarter in held}), "a quarter hour is taken twice"
            assert set(held) == {
                (one.appointment_id, quarter) for one in self.known for quarter in one.taken(self.now)
            }

        @invariant()
        def the_states_are_the_models(self):
            stored = Appointment.objects.in_bulk([one.appointment_id for one in self.known])
            for one in self.known:
                if row := stored.get(one.appointment_id):
                    assert (row.state, row.must_act, row.must_act_by) == (
                        one.state,
                        one.turn,
                        one.expires_at,
                    )

        @invariant()
        def the_line_is_the_models(self):
            live = WaitingEntry.objects.filter(state__in=[WaitingState.WAITING, WaitingState.OFFERED])
            assert set(live.values_list("delivery_id", "state")) == {
                (one.delivery_id, one.waits) for one in self.known if one.waits
            }

    # What a batch reaches depends on chance: go on until every step came.
    for batch in range(BATCHES):
        run_state_machine_as_test(
            seed(batch)(Answering),
            settings=settings(
                max_examples=6,
                stateful_step_count=20,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate],  # a failure is told as it was found; to make it small takes minutes
            ),
        )
        if batch and set(done) == STEPS and refused.keys() >= REFUSED and all(done.values()):
            break

    assert {step for step, times in done.items() if times} == STEPS
    assert refused.keys() >= REFUSED, f"never refused: {REFUSED - refused.keys()}"


def _order(shipper: Shipper, planner: Actor, number: int) -> tuple[UUID, Shipper, Actor]:
    """A delivery of half an hour at the dock."""
    content = order_file(f"C-{number},PO-{number},NH1,{DAY},1,Gel,1,pack,,80,5")
    with doorway.enter_shipper(shipper):
        services.import_orders(actor=planner, file_name=f"{number}.csv", content=content, now=NOW)
        (delivery,) = services.group_consignments(actor=planner, now=NOW)
    return delivery.pk, shipper, planner


def _only_one_hour(site: Site, rita: Actor) -> UUID:
    """Everything but an hour of Dock 1 is blocked on DAY; the dock."""
    blocks = {
        "Dock 1": ((time(7), OPENS[0]), (time(14), time(15))),
        "Dock 2": ((time(7), time(15)),),
    }
    zone = ZoneInfo(site.time_zone)
    for name, spans in blocks.items():
        for opens, closes in spans:
            during = DateTimeTZRange(*(datetime.combine(DAY, at, tzinfo=zone) for at in (opens, closes)))
            block_dock(actor=rita, dock=site.docks.get(name=name), lane=1, during=during, note="", now=NOW)
    return site.docks.get(name="Dock 1").pk
