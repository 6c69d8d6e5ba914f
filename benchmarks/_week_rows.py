"""Rows of the simulated week, and how they appear: as services would have written them, as time passes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Case as SqlCase
from django.db.models import Value, When

from apps.appointments.models import Appointment, AppointmentEvent
from apps.deliveries.models import Delivery, DeliveryEvent, Discrepancy, Handover
from apps.deliveries.states import State
from apps.documents.models import Document
from apps.facilities.models import DocumentType
from apps.routing.models import Route, RoutePlan, Stop


@dataclass
class Made:
    """One delivery, what was put into it, and the rows that appear as time passes: when, rows, states."""

    delivery: Delivery
    appointment: Appointment
    injected: str = ""
    timeline: list[tuple[datetime, tuple[models.Model, ...], dict[str, str]]] = field(default_factory=list)
    at: dict[str, datetime] = field(default_factory=dict)

    def then(self, at: datetime, *rows: models.Model, **states: str) -> None:
        """Something happens: rows appear, and ``ground``, ``agreed`` or ``reason`` become these."""
        self.timeline.append((at, rows, states))


def event(one: Made, state: State, at: datetime) -> DeliveryEvent:
    return DeliveryEvent(delivery=one.delivery, to_state=state, actor_name="week", at=at)


def step(one: Made, step: str, state: str, at: datetime) -> AppointmentEvent:
    return AppointmentEvent(
        appointment=one.appointment, step=step, to_state=state, side="recipient", actor_name="week", at=at
    )


def paper(one: Made, at: datetime) -> Document:
    return Document(
        delivery_id=one.delivery.pk,
        document_type=DocumentType.CMR,
        number=one.delivery.number,
        file_name="cmr.pdf",
        media_type="application/pdf",
        sha256="0" * 64,
        size=1,
        path=f"week/{one.delivery.pk}",
        facts_sha256="0" * 64,
        issued_by="week",
        issued_at=at,
    )


def handover(one: Made, at: datetime) -> list[models.Model]:
    kinds = {"damage": Discrepancy.Kind.DAMAGED, "short": Discrepancy.Kind.SHORT}
    found = kinds.get(one.injected)
    handover = Handover(
        delivery=one.delivery,
        outcome=Handover.Outcome.RESERVATION if found else Handover.Outcome.ACCEPTED,
        reservation="As found" if found else "",
        units_expected=one.delivery.pallets,
        units_received=one.delivery.pallets - (one.injected == "short"),
        released_by="Driver",
        received_by="Operator",
        received_drawn=True,
        statement_sha256="0" * 64,
        device_time=at,
        recorded_at=at,
    )
    return [handover, *([Discrepancy(handover=handover, kind=found)] if found else [])]


def apply(made: Sequence[Made], until: datetime) -> None:
    """Let everything appear that happened until then, in the order of time."""
    due: list[tuple[datetime, Made, tuple[models.Model, ...], dict[str, str]]] = []
    for one in made:
        while one.timeline and one.timeline[0][0] <= until:
            at, rows, states = one.timeline.pop(0)
            due.append((at, one, rows, states))
    due.sort(key=lambda each: each[0])
    ground: dict[UUID, str] = {}
    agreed: dict[UUID, str] = {}
    reasons: dict[UUID, str] = {}
    for _at, one, _rows, states in due:
        if "ground" in states:
            ground[one.delivery.pk] = states["ground"]
        if "agreed" in states:
            agreed[one.appointment.pk] = states["agreed"]
        if states.get("reason"):
            reasons[one.delivery.pk] = states["reason"]
    save(*(rows for _at, _one, rows, _states in due))
    _set(Delivery, "state", ground)
    _set(Delivery, "failure_reason", reasons)
    _set(Appointment, "state", agreed)
    Appointment.objects.filter(pk__in=agreed).update(must_act="", must_act_by=None)


def _set(model: type[models.Model], name: str, values: dict[UUID, str]) -> None:
    if values:
        chosen = SqlCase(*(When(pk=pk, then=Value(value)) for pk, value in values.items()))
        model._default_manager.filter(pk__in=values).update(**{name: chosen})


def save(*groups: Sequence[Any]) -> None:
    """Save rows model by model, in the order in which the models came."""
    by_model: dict[type[models.Model], list[models.Model]] = defaultdict(list)
    for row in _rows(groups):
        by_model[type(row)].append(row)
    order = [*_ORDER, *(model for model in by_model if model not in _ORDER)]
    for model in order:
        if by_model.get(model):
            model._default_manager.bulk_create(by_model[model], batch_size=1000)


def _rows(groups: Sequence[Sequence[Any]]) -> Iterator[models.Model]:
    for group in groups:
        yield from (row for row in group if row is not None)


_ORDER: tuple[type[models.Model], ...] = (
    RoutePlan,
    Delivery,
    Appointment,
    Route,
    Stop,
    Handover,
    Discrepancy,
)
