"""A click in the slot picker: the time is kept for whoever clicked, let go, or kept longer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from django.http import QueryDict

from apps.accounts.actors import Actor
from apps.appointments.load import Load, Slot
from apps.appointments.models import Appointment, Picking
from apps.appointments.services import keep_longer, kept_for, let_go, pick_slot
from apps.facilities.models import Site
from apps.portal.choosing import Choice, read_choice, read_slot


@dataclass(frozen=True)
class Subject:
    """What slots are being chosen for: a delivery's first offer, or another time for ``appointment``."""

    site: Site
    shipper_id: UUID
    delivery_id: UUID
    reference: str
    load: Load
    appointment_id: UUID | None = None

    @classmethod
    def of(cls, appointment: Appointment) -> "Subject":
        """Another time for what is negotiated or agreed."""
        return cls(
            appointment.site,
            appointment.shipper_id,
            appointment.delivery_id,
            appointment.reference,
            appointment.load,
            appointment.pk,
        )

    def kept(self, actor: Actor, now: datetime) -> Picking | None:
        """What is kept for the person at this moment."""
        return kept_for(actor=actor, delivery_id=self.delivery_id, now=now)


def read_click(post: QueryDict) -> Callable[[Subject, Actor, datetime], Choice] | None:
    """What a posted form of the picker asks for, to be done for a subject; None when it is no click.

    What comes back is the choice as it is then; what the ledger refuses is raised, with the choice unchanged.
    """
    choice = read_choice(post)
    if (slot := read_slot(post.get("pick", ""))) is not None:
        return partial(_pick, choice, slot)
    if (slot := read_slot(post.get("drop", ""))) is not None:
        return partial(_drop, choice, slot)
    how = {"longer": _longer, "again": _again}.get(post.get("hold", ""))
    return partial(how, choice) if how else None


def _pick(choice: Choice, slot: Slot, subject: Subject, actor: Actor, now: datetime) -> Choice:
    pick_slot(actor=actor, slot=slot, now=now, **vars(subject))
    return choice.with_slot(slot)


def _drop(choice: Choice, slot: Slot, subject: Subject, actor: Actor, now: datetime) -> Choice:
    let_go(actor=actor, delivery_id=subject.delivery_id, slot=slot)
    return choice


def _longer(choice: Choice, subject: Subject, actor: Actor, now: datetime) -> Choice:
    keep_longer(actor=actor, delivery_id=subject.delivery_id, now=now)
    return choice


def _again(choice: Choice, subject: Subject, actor: Actor, now: datetime) -> Choice:
    for slot in choice.slots:
        pick_slot(actor=actor, slot=slot, now=now, **vars(subject))
    return choice
