"""A negotiation as both sides read it: where it stands, whose turn it is, the slots, how they differ."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.actors import Side
from apps.appointments.models import Appointment, Offer, OfferedSlot
from apps.appointments.models.loads import CarriesLoad
from apps.appointments.services.reschedule import cutoff, needs_consent
from apps.appointments.states import OfferState, ReasonCode, State
from apps.portal.presenters.parties import Parties
from apps.portal.presenters.times import moment_label, shift_label, span_label

Context = dict[str, Any]


def status(appointment: Appointment, *, now: datetime, offers: int = 1) -> tuple[str, str]:
    """The state of ``status_badge.html`` and its word; “late” is read off the arrival window.

    ``offers`` is how many offers were made: a second one is a counter-offer.
    """
    state = State(appointment.state)
    if state == State.OFFERED:
        return ("countered", _("Counter-offer")) if offers > 1 else ("offered", _("Offered"))
    if state == State.CONFIRMED and is_late(appointment, now=now):
        return "late", _("Late")
    return state.value, str(state.label)


def talk_status(appointment: Appointment, *, now: datetime, offers: int = 1) -> tuple[str, str]:
    """As ``status``, for lists of what is being negotiated: an agreed slot there is one that is to move."""
    if appointment.state == State.CONFIRMED and appointment.must_act:
        return "countered", _("Another time")
    return status(appointment, now=now, offers=offers)


def is_counterable(appointment: Appointment, side: Side) -> bool:
    """Whether that side may answer with slots now: it has to, or the negotiation ended without a slot.

    An agreed appointment is answered so while the other side proposes another time for it.
    """
    if appointment.state in {State.OFFERED, State.CONFIRMED}:
        return appointment.must_act == side
    return appointment.state in {State.DECLINED, State.EXPIRED}


def is_reschedulable(appointment: Appointment, *, now: datetime) -> bool:
    """Whether either side may propose another time: agreed, not begun, and none is proposed already."""
    if appointment.state != State.CONFIRMED or appointment.must_act:
        return False
    return bool(appointment.during.lower > now)


def move_terms(appointment: Appointment, parties: Parties, *, side: Side, now: datetime) -> Context | None:
    """What moving an agreed appointment takes, for ``side``: the slot that stands, and whose consent.

    None while nothing is agreed. ``may_move_now``: no consent is needed yet, and nothing is proposed.
    """
    standing = agreed(appointment) if appointment.state == State.CONFIRMED else None
    if standing is None:
        return None
    words = {
        "other": parties.other(side),
        "site": appointment.site.name,
        "cutoff": moment_label(cutoff(appointment), appointment.site.time_zone),
    }
    if needs_consent(appointment, now):
        terms = _(
            "The change cut-off of %(site)s was %(cutoff)s: %(other)s has to agree to another time."
            " The agreed slot stands until then."
        )
    else:
        terms = _(
            "Until %(cutoff)s the appointment may be moved to a free slot at once; %(other)s is told."
            " Proposed slots are held, and the agreed one stands until %(other)s accepts another."
        )
    return {
        "standing": standing,
        "sentence": terms % words,
        "may_move_now": not needs_consent(appointment, now) and not appointment.must_act,
    }


def is_late(appointment: Appointment, *, now: datetime) -> bool:
    """Confirmed, and the arrival window has closed without an arrival."""
    window = appointment.arrival_window
    return appointment.state == State.CONFIRMED and window is not None and now >= window.upper


def turn(appointment: Appointment, parties: Parties, *, reader: Side, now: datetime) -> Context | None:
    """Who must act next and until when (``turn.html``); None when nobody has to.

    ``reader`` is the side that looks at the page.
    """
    if appointment.state not in {State.OFFERED, State.CONFIRMED} or not appointment.must_act:
        return None
    must_act = Side(appointment.must_act)
    moves = appointment.state == State.CONFIRMED
    words = {"who": parties.name(must_act), "other": parties.other(must_act)}
    if appointment.must_act_by is not None and appointment.must_act_by <= now:
        late = (
            _("%(who)s did not answer %(other)s’s proposal in time; it expires, and the agreed slot stands.")
            if moves
            else _("%(who)s did not answer %(other)s’s offer in time; it expires.")
        )
        return {"sentence": late % words, "is_readers": False, "expires_at": None}
    sentence = (
        _("%(who)s answers %(other)s’s proposal of another time; the agreed slot stands until then.")
        if moves
        else _("%(who)s answers %(other)s’s offer.")
    )
    return {
        "sentence": sentence % words,
        "is_readers": must_act == reader,
        "expires_at": appointment.must_act_by,
    }


def compare(
    offer: Offer,
    answered: Offer | None,
    parties: Parties,
    *,
    action: str | None,
    appointment: Appointment | None = None,
) -> Context:
    """What was asked, what is proposed, the difference (``offer_compare.html``).

    ``answered`` is the offer that ``offer`` counters. A first proposal to move ``appointment`` is compared
    with what is agreed; without either nothing is compared. Slots are to be prefetched with their docks.
    ``action`` None: the reader can't accept.
    """
    before: OfferedSlot | Appointment | None = None
    if answered is not None:
        before = next(iter(answered.slots.all()), None)
    elif offer.moves and appointment is not None and appointment.dock is not None:
        before = appointment
    return {
        "asker": parties.other(offer.side),
        "proposer": parties.name(offer.side),
        "instead": isinstance(before, Appointment),
        "asked": span_facts(before) if before is not None else None,
        "proposals": [
            slot_facts(slot) | {"differences": differences(before, slot)} for slot in offer.slots.all()
        ],
        "action": action,
        "name": "slot",
    }


def span_facts(slot: OfferedSlot | Appointment) -> Context:
    """When and where, of an offered slot or of the agreed one."""
    return {
        "start": slot.during.lower,
        "end": slot.during.upper,
        "dock": slot.dock.name if slot.dock else "",
    }


def slot_facts(slot: OfferedSlot) -> Context:
    """An offered slot as the components take it; ``value`` is its place in the offer."""
    return span_facts(slot) | {"value": slot.index, "is_accepted": slot.accepted}


def differences(asked: OfferedSlot | Appointment | None, proposed: OfferedSlot) -> list[Context]:
    """How a proposed slot differs from the asked one: the start, the dock."""
    if asked is None:
        return []
    shift = proposed.during.lower - asked.during.lower
    same_dock = asked.dock_id == proposed.dock_id
    return [
        {"label": shift_label(shift), "is_same": not shift},
        {"label": _("same dock") if same_dock else proposed.dock.name, "is_same": same_dock},
    ]


def open_offer(offers: Sequence[Offer]) -> Offer | None:
    """The offer that waits for an answer, of an appointment's offers in order."""
    return next((offer for offer in reversed(offers) if offer.state == OfferState.OPEN), None)


def answered_by(offer: Offer, offers: Sequence[Offer]) -> Offer | None:
    """The other side's offer that ``offer`` counters, of ``offers`` in order; None for a first one.

    A proposal to move what is agreed answers only another one.
    """
    earlier = offers[: offers.index(offer)]
    if offer.moves:
        last = earlier[-1] if earlier else None
        return last if last is not None and last.moves and last.state == OfferState.COUNTERED else None
    others = [other for other in earlier if other.side != offer.side]
    return others[-1] if others else None


def agreed(appointment: Appointment) -> Context | None:
    """The agreed slot, its arrival window and number; None before an agreement."""
    if appointment.during is None or appointment.dock is None:
        return None
    window = appointment.arrival_window
    return {
        "number": appointment.confirmation_number,
        "start": appointment.during.lower,
        "end": appointment.during.upper,
        "dock": appointment.dock.name,
        "window": {"start": window.lower, "end": window.upper} if window else None,
        "version": appointment.site_version,
        "version_is_old": appointment.site_version not in (None, appointment.site.version),
    }


def load_facts(appointment: Appointment) -> list[Context]:
    """What comes, as labels and values for a list of facts."""
    pallets = ngettext("%(n)s pallet", "%(n)s pallets", appointment.pallets) % {"n": appointment.pallets}
    facts = [
        (_("Load"), f"{appointment.get_load_type_display()}, {pallets}"),
        (_("Weight"), _("%(kg)s kg") % {"kg": f"{appointment.weight_kg:,.0f}"}),
        (
            _("Volume"),
            _("%(m3)s m³") % {"m3": f"{appointment.volume_m3:.1f}"} if appointment.volume_m3 else "",
        ),
        (_("Order lines"), str(appointment.lines or "")),
        (_("Temperature"), appointment.get_temperature_class_display()),
        (_("Dangerous goods"), ", ".join(appointment.adr_classes) or _("none")),
        (_("Unloading"), _("Live, the driver waits") if appointment.live else _("Drop, the trailer stays")),
        (_("Vehicle"), _vehicle(appointment)),
    ]
    return [{"label": label, "value": value} for label, value in facts if value]


def load_line(appointment: CarriesLoad) -> str:
    """The load in a few words: “4 pallets, 1,250 kg, chilled, 2–8 °C”."""
    pallets = ngettext("%(n)s pallet", "%(n)s pallets", appointment.pallets) % {"n": appointment.pallets}
    parts = [pallets]
    if appointment.weight_kg:
        parts.append(_("%(kg)s kg") % {"kg": f"{appointment.weight_kg:,.0f}"})
    if appointment.temperature_class != "ambient":
        parts.append(str(appointment.get_temperature_class_display()).lower())
    return ", ".join(parts)


def slots_sentence(slots: Sequence[OfferedSlot], zone: str) -> str:
    """The slots of an offer in words, for a line of the timeline."""
    return "; ".join(
        f"{span_label(slot.during.lower, slot.during.upper, zone)}, {slot.dock.name}" for slot in slots
    )


def reason_label(reason_code: str) -> str:
    return str(ReasonCode(reason_code).label) if reason_code else ""


def _vehicle(appointment: Appointment) -> str:
    sizes = [
        _("%(m)s m long") % {"m": f"{appointment.vehicle_length_m:.1f}"}
        if appointment.vehicle_length_m
        else "",
        _("%(m)s m high") % {"m": f"{appointment.vehicle_height_m:.1f}"}
        if appointment.vehicle_height_m
        else "",
        _("%(t)s t") % {"t": f"{appointment.vehicle_weight_kg / 1000:.1f}"}
        if appointment.vehicle_weight_kg
        else "",
        _("tail-lift") if appointment.tail_lift else "",
    ]
    return ", ".join(size for size in sizes if size) or _("not named yet")
