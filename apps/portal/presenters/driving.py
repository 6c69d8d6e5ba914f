"""A round as its driver reads it: each visit to come with all one needs there, and the round as a list."""

from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _

from apps.appointments.models import Expected
from apps.consignments.ranges import worded_range
from apps.deliveries.models import Discrepancy, Handover
from apps.deliveries.selectors import consignments_of, temperature_limits, visit_of
from apps.deliveries.services import photos_of
from apps.deliveries.states import State
from apps.documents.rendering import qr_code
from apps.driving.models import DriverAction
from apps.driving.selectors import OVER, Halt, Round
from apps.portal.forms_driving import HandoverForm, PhotoForm, ProblemForm
from apps.portal.forms_handover import FINDINGS, REASONS, line_choices
from apps.portal.presenters.sites import address
from apps.portal.presenters.times import span_label
from apps.tenancy.addresses import hub_address

Context = dict[str, Any]
Kind = DriverAction.Kind
STATE_OF = {
    State.OPEN: "waiting",
    State.LOADED: "loading",
    State.IN_TRANSIT: "departed",
    State.ARRIVED: "arrived",
    State.UNLOADING: "in_progress",
    State.DELIVERED: "delivered",
    State.REFUSED: "refused",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
}


def halts_of(whole: Round, driver: str) -> list[Context]:
    """Every visit that is not over, with the forms of its steps; a phone without a network goes from one to
    the next by itself.
    """
    return [_halt(halt, driver) for halt in whole.halts if halt.delivery.state not in OVER]


def _halt(halt: Halt, driver: str) -> Context:
    """Where, when, whom to call, what to wear, what comes off, and what can be reported there."""
    stop, site, delivery = halt.stop, halt.delivery.site, halt.delivery
    appointment = visit_of(delivery).appointment
    number = appointment.confirmation_number if appointment else ""
    consignments = consignments_of(delivery)
    units = [
        {"sscc": unit.sscc, "kind": unit.get_kind_display(), "consignment": consignment.number}
        for consignment in consignments
        for unit in sorted(consignment.handling_units.all(), key=lambda unit: unit.sscc)
    ]
    lines = line_choices(consignments)
    subjects = [*((unit["sscc"], unit["sscc"]) for unit in units), *lines]
    return {
        "pk": halt.pk,
        "position": halt.position,
        "scanned_id": f"scanned-{halt.position}",
        "steps": _steps(halt),
        "photo_form": PhotoForm(auto_id=f"photo_{halt.position}_%s", subjects=subjects),
        "problem_form": ProblemForm(auto_id=f"problem_{halt.position}_%s"),
        "handover_form": HandoverForm(
            auto_id=f"handover_{halt.position}_%s",
            initial={"released_by": driver},
            may_be_unattended=site.allows_unattended,
        ),
        "number": delivery.number,
        "state": delivery.state,
        "site": site.name,
        "address": address(site),
        "dock": stop.dock.name if stop else "",
        "confirmation_number": number,
        "gate_code": qr_code(hub_address(f"/g/{number}/")) if number else "",
        "slot": _slot(halt),
        "zone": site.time_zone,
        "expected": Expected.objects.filter(appointment_id=stop.appointment_id).first()
        if stop and delivery.state == State.IN_TRANSIT
        else None,
        "gate_instructions": site.gate_instructions,
        "protective_equipment": site.protective_equipment,
        "contact_name": site.contact_name,
        "contact_phone": site.contact_phone,
        "map_url": f"geo:{site.latitude:.6f},{site.longitude:.6f}",
        "units": units,
        "lines": lines,
        "kinds": Discrepancy.Kind.choices,
        "reasons": REASONS,
        "photos": len(photos_of(delivery)),
        "seals_out": delivery.seals,
        "temperature_range": worded_range(temperature_limits(delivery)),
        "may_be_unattended": site.allows_unattended,
        "asks_code": site.asks_code,
        "drop_code": delivery.code if delivery.format == delivery.Format.DROP else "",
        "findings": FINDINGS,
    }


def _steps(halt: Halt) -> list[Context]:
    """The steps before the handover that nobody took yet; a door only where the vehicle has a dock."""
    state, site = halt.delivery.state, halt.delivery.site.name
    steps = [
        (Kind.ARRIVE, _("Arrived"), _("Arrived at %(site)s"), state not in (State.ARRIVED, State.UNLOADING)),
        (
            Kind.AT_DOOR,
            _("At the door"),
            _("At the door of %(site)s"),
            halt.at_door is False and state != State.UNLOADING,
        ),
        (Kind.UNLOAD, _("Unloading"), _("Unloading at %(site)s"), state != State.UNLOADING),
    ]
    return [
        {"kind": kind.value, "verb": verb, "said": said % {"site": site}}
        for kind, verb, said, is_open in steps
        if is_open
    ]


def _slot(halt: Halt) -> str:
    """The slot as agreed; a leg has none but its day."""
    if halt.stop is None:
        return formats.date_format(halt.delivery.day, "D j M")
    return span_label(halt.stop.slot.lower, halt.stop.slot.upper, halt.delivery.site.time_zone)


def rows_of(whole: Round) -> list[Context]:
    """Every halt in its order, with its state in word and icon."""
    upcoming = whole.upcoming
    return [
        {
            "pk": halt.pk,
            "site": halt.delivery.site.name,
            "number": halt.delivery.number,
            "slot": _slot(halt),
            "state": STATE_OF[State(halt.delivery.state)],
            "label": State(halt.delivery.state).label,
            "is_next": upcoming is not None and halt.pk == upcoming.pk,
        }
        for halt in whole.halts
    ]


def said_of(action: DriverAction) -> str:
    """What a refused step said, in a line: who received, how much was found, the words that were typed."""
    facts = action.facts
    findings = facts.get("findings")
    condition = facts.get("condition")
    parts = [
        str(facts.get("received_by", "")),
        _("%(n)s findings") % {"n": len(findings)} if isinstance(findings, list) and findings else "",
        str(Handover.Condition(condition).label) if condition in Handover.Condition.values else "",
        *(str(facts.get(name, "")) for name in ("reason", "reservation", "note")),
    ]
    return " · ".join(part for part in parts if part)[:400]
