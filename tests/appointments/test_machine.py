"""Choosing, offers, answers, moves, cancellations, expiry, a series, closures and the clock in any order.

All against a small model that knows who has, holds or chooses which quarter hours until when: the calendar
must always be it, and every step that the model calls impossible must be refused and change nothing.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.appointments.load import Slot
from apps.appointments.models import Appointment, AppointmentEvent, DockOccupancy, Offer
from apps.appointments.services import (
    accept_offer,
    advance,
    cancel_appointment,
    counter_offer,
    decline_offer,
    expire_offers,
    keep_longer,
    lapse_picks,
    let_go,
    move_now,
    offer_slots,
    pick_slot,
    propose_move,
    withdraw_move,
)
from apps.appointments.services.keeping import keep_ahead
from apps.appointments.services.picking import PICKED_FOR
from apps.appointments.services.standing import Terms, accept_standing, end_standing, propose_standing
from apps.appointments.states import TRANSITIONS, State
from apps.core.errors import DomainError
from apps.facilities.models import Closure, Site
from tests.appointments.conftest import LOAD, TUESDAY, local, slot_at

STARTS = ("13:00", "13:15", "13:30", "13:45")  # each half an hour long: neighbours overlap
ANSWER_WITHIN = timedelta(hours=3)
CUTOFF = timedelta(hours=12)
SIDES = st.sampled_from(["shipper", "recipient"])
EXAMPLES = 25
BATCHES = 10
PICK = st.integers(0, 15)
QUARTER = timedelta(minutes=15)
LIVE = frozenset(State) - {State.CANCELLED, State.ARRIVED}
OTHER = {"shipper": "recipient", "recipient": "shipper"}

STEPS = frozenset(
    {
        *("offer", "counter", "reopen", "accept", "decline", "expire", "cancel", "arrive"),
        *("reschedule", "move", "withdraw", "counter a move", "accept a move", "decline a move"),
        *("expire a move", "pick", "let go", "lapse", "keep longer", "keep a day", "end a series"),
    }
)
#: What is also tried where it is impossible: out of turn, after the end, beside a taken or closed dock.
REFUSED = frozenset({"offer", "counter", "accept", "accept a move", "cancel", "reschedule", "move", "pick"})


@dataclass(frozen=True)
class Known:
    """What the model knows of one appointment: what is agreed, and the open offer beside or instead of it."""

    state: State = State.OFFERED
    agreed: int | None = None
    turn: str = ""
    slots: tuple[int, ...] = ()
    expires_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at > now

    def taken(self, now: datetime) -> set[int]:
        """Quarter hours that are this one's, counted from the first start."""
        mine = [] if self.agreed is None else [self.agreed]
        if self.is_open(now):
            mine += self.slots
        return {quarter for index in mine for quarter in (index, index + 1)}

    def waits(self, turn: str, slots: list[int], now: datetime) -> "Known":
        return replace(self, turn=turn, slots=tuple(slots), expires_at=now + ANSWER_WITHIN)

    def settled(self, state: State, agreed: int | None = None) -> "Known":
        """Without an open offer."""
        return Known(state, agreed)


@dataclass
class Choosing:
    """What one planner is choosing for one delivery: chosen starts and when each lapses."""

    delivery_id: UUID
    picked: dict[int, datetime] = field(default_factory=dict)
    prolonged: bool = False

    def live(self, now: datetime) -> set[int]:
        return {index for index, ends in self.picked.items() if ends > now}

    def taken(self, now: datetime) -> set[int]:
        return {quarter for index in self.live(now) for quarter in (index, index + 1)}


def waiting(known: Known) -> bool:
    """Somebody has to answer."""
    return known.turn != ""


def answerable(known: Known) -> bool:
    """Somebody may propose other slots: in answer, or anew after no slot came of it."""
    return waiting(known) or known.state in (State.DECLINED, State.EXPIRED)


def standing(known: Known) -> bool:
    """A slot is agreed and nothing else is asked for."""
    return known.state == State.CONFIRMED and not known.turn


def cancellable(known: Known) -> bool:
    """Something is asked for or agreed, and unloading has not begun."""
    return known.state in (State.OFFERED, State.CONFIRMED, State.ARRIVED)


def moving(known: Known) -> bool:
    """A slot is agreed and another one is asked for."""
    return known.state == State.CONFIRMED and known.turn != ""


def some(fits: Callable[[Known], bool]) -> Callable[[Any], bool]:
    """A step is worth trying while it fits somewhere; then it is tried where it does not fit as well."""
    return lambda machine: any(fits(known) for known in machine.known.values())


@pytest.mark.django_db
def test_no_order_of_steps_loses_a_hold_or_books_a_dock_twice(alice, bob, rita, dock, northern_site, now):
    Site.objects.filter(pk=northern_site.pk).update(
        answer_within=ANSWER_WITHIN, min_lead_time=timedelta(0), change_cutoff=CUTOFF
    )
    northern_site.refresh_from_db()
    slots = [slot_at(dock, text) for text in STARTS]
    done: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    base = slots[0].start

    class Negotiation(RuleBasedStateMachine):
        choices = st.lists(st.sampled_from(range(len(STARTS))), min_size=1, max_size=2, unique=True)
        places = st.sampled_from(range(len(STARTS)))

        def __init__(self) -> None:
            super().__init__()
            self.savepoint = transaction.savepoint()
            self.now = now
            self.is_closed = False
            self.known: dict[UUID, Known] = {}
            self.choosing = {who.person_id: Choosing(uuid4()) for who in (alice, bob)}
            self.series = self.agreed_series()
            self.day: str = "open"

        def teardown(self) -> None:
            transaction.savepoint_rollback(self.savepoint)

        def agreed_series(self) -> UUID:
            """A series of one day, at the first of the starts, agreed by both sides."""
            terms = Terms((2,), 1, time(13), first_day=TUESDAY, last_day=TUESDAY, dock=dock)
            made = propose_standing(
                actor=alice,
                site=northern_site,
                shipper_id=alice.shipper_id,
                terms=terms,
                load=LOAD,
                message="",
                now=now,
            )
            accept_standing(actor=rita, standing_id=made.pk, now=now)
            return made.pk

        def taken(self, besides: UUID | None = None) -> dict[UUID, set[int]]:
            """Who has which quarter hours, appointments, choices and the series alike; not ``besides``."""
            found = {key: known.taken(self.now) for key, known in self.known.items()}
            found |= {person: one.taken(self.now) for person, one in self.choosing.items()}
            if self.day == "kept":
                found[self.series] = {0, 1}
            return {key: quarters for key, quarters in found.items() if key != besides}

        def free(self, wanted: list[int], besides: UUID | None = None) -> bool:
            """Whether these slots can be held at once, whatever ``besides`` has itself."""
            others = {quarter for quarters in self.taken(besides).values() for quarter in quarters}
            apart = len(wanted) == 1 or abs(wanted[0] - wanted[1]) > 1
            wants = {quarter for index in wanted for quarter in (index, index + 1)}
            return apart and not self.is_closed and not wants & others

        def attempt(self, step: str, allowed: bool, call: Callable[[], object]) -> bool:
            try:
                with transaction.atomic():
                    call()
            except DomainError:
                assert not allowed, f"{step} refused although the model allows it"
                refused[step] += 1
                return False
            assert allowed, f"{step} done although the model forbids it"
            done[step] += 1
            return True

        def chosen(self, wanted: list[int]) -> list[Slot]:
            return [slots[index] for index in wanted]

        def actor_of(self, key: UUID, side: str):
            shipper_id = Appointment.objects.get(pk=key).shipper_id
            return (
                rita if side == "recipient" else next(a for a in (alice, bob) if a.shipper_id == shipper_id)
            )

        def one(
            self, pick: int, side: str, fits: Callable[[Known], bool], turn: str = ""
        ) -> tuple[UUID, str]:
            """Whom a step is tried on, and by which side.

            Three times of four one that it fits, by the side whose ``turn`` it is (or the other's, for
            “theirs”), since hardly any step is possible by chance; else any at all.
            """
            alive = [key for key, known in self.known.items() if known.state in LIVE] or list(self.known)
            fitting = [key for key in alive if fits(self.known[key])] if pick % 4 != 3 else []
            key = (fitting or alive)[-1 - pick % len(fitting or alive)]
            whose = self.known[key].turn if turn and fitting else ""
            return key, (OTHER[whose] if turn == "theirs" else whose) if whose else side

        def last_offer(self, key: UUID) -> Offer:
            return Offer.objects.filter(appointment_id=key).order_by("id").last()

        @initialize(
            who=st.sampled_from([alice, bob]),
            place=places,
            other=places,
            reached=st.sampled_from(["asked", "agreed", "moving", "declined", "expired", "overdue"]),
        )
        def begin(self, who, place, other, reached):
            """One offer that nothing can be in the way of, agreed on, moved, overdue as the run begins."""
            self.offer(who, [place])
            if reached in ("agreed", "moving", "overdue"):
                self.accept(0, "recipient", 0)
            if reached == "declined":
                self.decline(0, "recipient")
            if reached in ("moving", "overdue"):
                self.reschedule(0, "shipper", [other])
            if reached in ("expired", "overdue"):
                self.wait(180)
                self.sweep()

        @rule(who=st.sampled_from([alice, bob]), place=places)
        def pick(self, who, place):
            mine = self.choosing[who.person_id]
            again = place in mine.live(self.now)
            apart = all(abs(place - other) > 1 for other in mine.live(self.now))
            if not self.attempt(
                "pick",
                again or (apart and self.free([place], who.person_id)),
                lambda: pick_slot(
                    actor=who,
                    site=northern_site,
                    shipper_id=who.shipper_id,
                    delivery_id=mine.delivery_id,
                    reference="D",
                    load=LOAD,
                    slot=slots[place],
                    now=self.now,
                ),
            ):
                return
            mine.prolonged = mine.prolonged and bool(mine.live(self.now))
            mine.picked = {index: ends for index, ends in mine.picked.items() if ends > self.now}
            mine.picked.setdefault(place, self.now + PICKED_FOR)

        @rule(who=st.sampled_from([alice, bob]), place=places)
        def let_go(self, who, place):
            mine = self.choosing[who.person_id]
            let_go(actor=who, delivery_id=mine.delivery_id, slot=slots[place])
            if mine.picked.pop(place, None) is not None:
                done["let go"] += 1

        @rule(who=st.sampled_from([alice, bob]))
        def keep_longer(self, who):
            mine = self.choosing[who.person_id]
            live = mine.live(self.now)
            if self.attempt(
                "keep longer",
                bool(live) and not mine.prolonged,
                lambda: keep_longer(actor=who, delivery_id=mine.delivery_id, now=self.now),
            ):
                mine.prolonged = True
                mine.picked |= {index: mine.picked[index] + PICKED_FOR for index in live}

        @rule()
        def lapse(self):
            over = [
                (one, i) for one in self.choosing.values() for i in one.picked if i not in one.live(self.now)
            ]
            assert lapse_picks(now=self.now) == len(over)
            for one, index in over:
                done["lapse"] += 1
                del one.picked[index]

        @rule()
        def keep_a_day(self):
            kept = keep_ahead(now=self.now)
            assert kept == (self.day == "open")
            if self.day == "open":
                done["keep a day"] += 1
                self.day = "kept" if self.free([0]) else "skipped"

        @precondition(lambda machine: machine.day == "kept")
        @rule()
        def end_a_series(self):
            end_standing(actor=rita, standing_id=self.series, now=self.now)
            done["end a series"] += 1
            self.day = "ended"

        @rule(who=st.sampled_from([alice, bob]), wanted=choices, chosen=st.booleans())
        def offer(self, who, wanted, chosen=False):
            made = []
            mine = self.choosing[who.person_id]
            if not self.attempt(
                "offer",
                self.free(wanted, who.person_id if chosen else None),
                lambda: made.append(
                    offer_slots(
                        actor=who,
                        site=northern_site,
                        shipper_id=who.shipper_id,
                        delivery_id=mine.delivery_id if chosen else uuid4(),
                        reference="D",
                        load=LOAD,
                        slots=self.chosen(wanted),
                        now=self.now,
                    )
                ),
            ):
                return
            if chosen:
                self.choosing[who.person_id] = Choosing(uuid4())
            self.known[made[0].pk] = Known().waits("recipient", wanted, self.now)

        @precondition(some(answerable))
        @rule(pick=PICK, side=SIDES, wanted=choices)
        def counter(self, pick, side, wanted):
            key, side = self.one(pick, side, answerable, "mine")
            known, actor = self.known[key], self.actor_of(key, side)
            turn = known.turn == side
            reopens = known.state in (State.DECLINED, State.EXPIRED)
            if self.attempt(
                "counter a move" if known.agreed is not None else "reopen" if reopens else "counter",
                (turn or reopens) and self.free(wanted, key),
                lambda: counter_offer(
                    actor=actor, appointment_id=key, slots=self.chosen(wanted), now=self.now
                ),
            ):
                stands = replace(known, state=State.OFFERED) if reopens else known
                self.known[key] = stands.waits(OTHER[side], wanted, self.now)

        @precondition(some(standing))
        @rule(pick=PICK, side=SIDES, wanted=choices)
        def reschedule(self, pick, side, wanted):
            key, side = self.one(pick, side, standing)
            known, actor = self.known[key], self.actor_of(key, side)
            if self.attempt(
                "reschedule",
                known.state == State.CONFIRMED and not known.turn and self.free(wanted, key),
                lambda: propose_move(
                    actor=actor, appointment_id=key, slots=self.chosen(wanted), now=self.now
                ),
            ):
                self.known[key] = known.waits(OTHER[side], wanted, self.now)

        @precondition(some(standing))
        @rule(pick=PICK, side=SIDES, place=places)
        def move(self, pick, side, place):
            key, side = self.one(pick, side, standing)
            known, actor = self.known[key], self.actor_of(key, side)
            agreed = known.state == State.CONFIRMED
            if self.attempt(
                "move",
                agreed and self.now <= slots[known.agreed].start - CUTOFF and self.free([place], key),
                lambda: move_now(actor=actor, appointment_id=key, slot=slots[place], now=self.now),
            ):
                self.known[key] = known.settled(State.CONFIRMED, place)

        @precondition(some(moving))
        @rule(pick=PICK, side=SIDES)
        def withdraw(self, pick, side):
            key, side = self.one(pick, side, moving, "theirs")
            known, actor = self.known[key], self.actor_of(key, side)
            if self.attempt(
                "withdraw",
                known.state == State.CONFIRMED and known.turn == OTHER[side],
                lambda: withdraw_move(actor=actor, offer_id=self.last_offer(key).pk, now=self.now),
            ):
                self.known[key] = known.settled(State.CONFIRMED, known.agreed)

        @precondition(some(waiting))
        @rule(pick=PICK, side=SIDES, nth=st.integers(0, 1))
        def accept(self, pick, side, nth):
            key, side = self.one(pick, side, waiting, "mine")
            known, actor = self.known[key], self.actor_of(key, side)
            open_now = known.turn == side and known.is_open(self.now) and not self.is_closed
            if self.attempt(
                "accept a move" if known.agreed is not None else "accept",
                open_now and nth < len(known.slots),
                lambda: accept_offer(
                    actor=actor, offer_id=self.last_offer(key).pk, slot_index=nth, now=self.now
                ),
            ):
                self.known[key] = known.settled(State.CONFIRMED, known.slots[nth])

        @precondition(some(waiting))
        @rule(pick=PICK, side=SIDES)
        def decline(self, pick, side):
            key, side = self.one(pick, side, waiting, "mine")
            known, actor = self.known[key], self.actor_of(key, side)
            if self.attempt(
                "decline a move" if known.agreed is not None else "decline",
                known.turn == side and known.is_open(self.now),
                lambda: decline_offer(
                    actor=actor, offer_id=self.last_offer(key).pk, reason_code="other", now=self.now
                ),
            ):
                stands = State.DECLINED if known.agreed is None else State.CONFIRMED
                self.known[key] = known.settled(stands, known.agreed)

        @precondition(some(cancellable))
        @rule(pick=PICK, side=SIDES)
        def cancel(self, pick, side):
            key, side = self.one(pick, side, cancellable)
            known, actor = self.known[key], self.actor_of(key, side)
            if self.attempt(
                "cancel",
                cancellable(known),
                lambda: cancel_appointment(
                    actor=actor, appointment_id=key, reason_code="other", now=self.now
                ),
            ):
                self.known[key] = known.settled(State.CANCELLED)
                late = AppointmentEvent.objects.filter(appointment_id=key).order_by("id").last().late
                agreed = known.state == State.CONFIRMED
                assert late == (agreed and self.now > slots[known.agreed].start - CUTOFF)

        @precondition(some(standing))
        @rule(pick=PICK)
        def arrive(self, pick):
            key, _ = self.one(pick, "recipient", standing)
            known = self.known[key]
            if self.attempt(
                "arrive",
                known.state == State.CONFIRMED,
                lambda: advance(actor=rita, appointment_id=key, to=State.ARRIVED, now=self.now),
            ):
                self.known[key] = known.settled(State.ARRIVED, known.agreed)

        @rule(closes=st.integers(0, 3))
        def close_or_reopen(self, closes):
            """Closed one time of four, so that most steps find the dock open."""
            if self.is_closed:
                Closure.objects.filter(site=northern_site).delete()
                self.is_closed = False
            elif closes == 3:
                during = DateTimeTZRange(local("12:00"), local("15:00"))
                Closure.objects.create(site=northern_site, dock=dock, during=during, reason="Repairs")
                self.is_closed = True

        @rule(minutes=st.sampled_from([0, 6, 60, 180, 720]))
        def wait(self, minutes):
            self.now = min(self.now + timedelta(minutes=minutes), now + timedelta(hours=24))

        @rule()
        def sweep(self):
            overdue = {
                key
                for key, known in self.known.items()
                if known.expires_at is not None and not known.is_open(self.now)
            }
            assert set(expire_offers(now=self.now)) == overdue
            for key in overdue:
                known = self.known[key]
                stands = State.EXPIRED if known.agreed is None else State.CONFIRMED
                done["expire" if known.agreed is None else "expire a move"] += 1
                self.known[key] = known.settled(stands, known.agreed)

        @invariant()
        def the_calendar_is_the_models(self):
            held = [
                (row.appointment_id or (row.picking.person_id if row.picking else self.series), quarter)
                for row in DockOccupancy.objects.select_related("picking")
                if row.hold_expires_at is None or row.hold_expires_at > self.now
                for quarter in range(
                    (row.during.lower - base) // QUARTER, (row.during.upper - base) // QUARTER
                )
            ]
            assert len(held) == len({quarter for _, quarter in held}), "a quarter hour is taken twice"
            assert set(held) == {
                (key, quarter) for key, quarters in self.taken().items() for quarter in quarters
            }

        @invariant()
        def the_states_are_the_models(self):
            stored = {
                row.pk: (row.state, row.must_act, row.during.lower if row.during else None)
                for row in Appointment.objects.all()
                if row.state not in (State.CANCELLED,)
            }
            assert stored == {
                key: (known.state, known.turn, None if known.agreed is None else slots[known.agreed].start)
                for key, known in self.known.items()
                if known.state != State.CANCELLED
            }

        @invariant()
        def every_step_is_one_of_the_table(self):
            for before, after in AppointmentEvent.objects.values_list("from_state", "to_state").distinct():
                assert (before, after) == ("", "offered") or State(after) in TRANSITIONS[State(before)]

    # What a batch reaches depends on chance, and that on the modules loaded: go on until every step came.
    for batch in range(BATCHES):
        run_state_machine_as_test(
            seed(batch)(Negotiation),
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=30,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        if batch and set(done) == STEPS and refused.keys() >= REFUSED:
            break

    assert set(done) == STEPS, "some step was never taken: the machine proves nothing about it"
    assert refused.keys() >= REFUSED, f"never refused: {REFUSED - refused.keys()}"
