"""Offers, answers, cancellations, expiry and the clock in any order, against a model of a few lines.

The model knows who holds what until when; the calendar must always be the model's, and every step that the
model calls impossible must be refused and change nothing.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from apps.appointments.load import Slot
from apps.appointments.models import Appointment, DockOccupancy, Offer
from apps.appointments.services import (
    accept_offer,
    cancel_appointment,
    counter_offer,
    decline_offer,
    expire_offers,
    offer_slots,
)
from apps.appointments.states import State
from apps.core.errors import DomainError
from apps.facilities.models import Site
from tests.appointments.conftest import LOAD, slot_at

STARTS = ("13:00", "13:15", "13:30", "13:45")  # each half an hour long: neighbours overlap
ANSWER_WITHIN = timedelta(hours=3)


@dataclass
class Known:
    """What the model knows of one appointment."""

    state: State = State.OFFERED
    turn: str = "recipient"
    slots: list[int] = field(default_factory=list)
    expires_at: datetime | None = None

    def live(self, now: datetime) -> bool:
        return self.expires_at is None or self.expires_at > now


@pytest.mark.django_db
def test_no_order_of_steps_loses_a_hold_or_books_a_dock_twice(alice, bob, rita, dock, northern_site, now):
    Site.objects.filter(pk=northern_site.pk).update(answer_within=ANSWER_WITHIN, min_lead_time=timedelta(0))
    northern_site.refresh_from_db()
    slots = [slot_at(dock, text) for text in STARTS]

    class Negotiation(RuleBasedStateMachine):
        appointments = Bundle("appointments")
        choices = st.lists(st.sampled_from(range(len(STARTS))), min_size=1, max_size=2, unique=True)

        def __init__(self) -> None:
            super().__init__()
            self.savepoint = transaction.savepoint()
            self.now = now
            self.known: dict[UUID, Known] = {}

        def teardown(self) -> None:
            transaction.savepoint_rollback(self.savepoint)

        def free(self, wanted: list[int], besides: UUID | None = None) -> bool:
            taken = {
                index
                for key, known in self.known.items()
                if key != besides and known.live(self.now)
                for index in known.slots
            }
            apart = len(wanted) == 1 or abs(wanted[0] - wanted[1]) > 1
            return apart and all(abs(index - other) > 1 for index in wanted for other in taken)

        def attempt(self, allowed: bool, call) -> Appointment | None:
            try:
                with transaction.atomic():
                    done = call()
            except DomainError:
                assert not allowed, "refused although the model allows it"
                return None
            assert allowed, "done although the model forbids it"
            return done

        def chosen(self, wanted: list[int]) -> list[Slot]:
            return [slots[index] for index in wanted]

        def actor_of(self, key: UUID, side: str):
            shipper_id = Appointment.objects.get(pk=key).shipper_id
            return (
                rita if side == "recipient" else next(a for a in (alice, bob) if a.shipper_id == shipper_id)
            )

        @rule(target=appointments, who=st.sampled_from([alice, bob]), wanted=choices)
        def offer(self, who, wanted):
            made = self.attempt(
                self.free(wanted),
                lambda: offer_slots(
                    actor=who,
                    site=northern_site,
                    shipper_id=who.shipper_id,
                    delivery_id=uuid4(),
                    reference="D",
                    load=LOAD,
                    slots=self.chosen(wanted),
                    now=self.now,
                ),
            )
            if made is None:
                return None
            self.known[made.pk] = Known(slots=wanted, expires_at=self.now + ANSWER_WITHIN)
            return made.pk

        @rule(key=appointments, side=st.sampled_from(["shipper", "recipient"]), wanted=choices)
        def counter(self, key, side, wanted):
            if key is None:
                return
            known = self.known[key]
            open_now = known.state == State.OFFERED and known.turn == side
            allowed = (open_now or known.state in (State.DECLINED, State.EXPIRED)) and self.free(wanted, key)
            actor = self.actor_of(key, side)
            made = self.attempt(
                allowed,
                lambda: counter_offer(
                    actor=actor, appointment_id=key, slots=self.chosen(wanted), now=self.now
                ),
            )
            if made is not None:
                other = "shipper" if side == "recipient" else "recipient"
                self.known[key] = Known(State.OFFERED, other, wanted, self.now + ANSWER_WITHIN)

        @rule(
            key=appointments,
            side=st.sampled_from(["shipper", "recipient"]),
            accept=st.booleans(),
            nth=st.integers(0, 1),
        )
        def answer(self, key, side, accept, nth):
            if key is None:
                return
            known, actor = self.known[key], self.actor_of(key, side)
            made = Offer.objects.filter(appointment_id=key).order_by("id").last()
            allowed = known.state == State.OFFERED and known.turn == side and known.live(self.now)
            if accept:
                allowed = allowed and nth < len(known.slots)
                done = self.attempt(
                    allowed,
                    lambda: accept_offer(actor=actor, offer_id=made.pk, slot_index=nth, now=self.now),
                )
                if done is not None:
                    self.known[key] = Known(State.CONFIRMED, "", [known.slots[nth]])
            elif self.attempt(
                allowed,
                lambda: decline_offer(actor=actor, offer_id=made.pk, reason_code="other", now=self.now),
            ):
                self.known[key] = Known(State.DECLINED, "")

        @rule(key=appointments, side=st.sampled_from(["shipper", "recipient"]))
        def cancel(self, key, side):
            if key is None:
                return
            actor = self.actor_of(key, side)
            allowed = self.known[key].state in (State.OFFERED, State.CONFIRMED)
            if self.attempt(
                allowed,
                lambda: cancel_appointment(
                    actor=actor, appointment_id=key, reason_code="other", now=self.now
                ),
            ):
                self.known[key] = Known(State.CANCELLED, "")

        @rule(hours=st.sampled_from([1, 3]))
        def wait(self, hours):
            self.now = min(self.now + timedelta(hours=hours), now + timedelta(hours=24))

        @rule()
        def sweep(self):
            overdue = {
                key
                for key, known in self.known.items()
                if known.state == State.OFFERED and not known.live(self.now)
            }
            assert set(expire_offers(now=self.now)) == overdue
            for key in overdue:
                self.known[key] = Known(State.EXPIRED, "")

        @invariant()
        def the_calendar_is_the_models(self):
            held = {
                (row.appointment_id, row.during.lower)
                for row in DockOccupancy.objects.all()
                if row.hold_expires_at is None or row.hold_expires_at > self.now
            }
            assert held == {
                (key, slots[index].start)
                for key, known in self.known.items()
                if known.live(self.now)
                for index in known.slots
            }

        @invariant()
        def the_states_are_the_models(self):
            stored = dict(Appointment.objects.values_list("pk", "state"))
            assert stored == {key: known.state for key, known in self.known.items()}

    run_state_machine_as_test(
        Negotiation,
        settings=settings(
            max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
