"""A policy in sentences: what it accepts, how it answers the rest, by when, and whom it reminds."""

from datetime import datetime
from typing import Any

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.actors import Side
from apps.appointments.load import Slot
from apps.appointments.models import AnswerPolicy, Appointment, Offer
from apps.appointments.policies import answering_policy, breaches, circumstances
from apps.appointments.services.reschedule import needs_consent

Context = dict[str, Any]


def policy_line(policy: AnswerPolicy | None, *, name: str, url: str) -> Context:
    """One line of a list of policies: with whom or where, what it does, who set it and when."""
    return {
        "name": name,
        "url": url,
        "sentences": policy_sentences(policy) if policy else [],
        "answers": bool(policy and policy.answers),
        "set_by": policy.set_by if policy else "",
        "set_at": policy.set_at if policy else None,
    }


def left_to_person(appointment: Appointment, offer: Offer | None, side: Side, now: datetime) -> str:
    """Why the side's policy leaves an open offer to a person; empty without a policy, or where none is known.

    The side that has to answer reads it. Its policy is the current schema's to read.
    """
    if offer is None:
        return ""
    policy = answering_policy(side=side, site_id=appointment.site_id, shipper_id=appointment.shipper_id)
    if policy is None or not policy.answers or appointment.must_act != side:
        return ""
    if offer.moves and needs_consent(appointment, now):
        return _("After the change cut-off a person consents, not a policy.")
    about = circumstances(appointment, side, now)
    first = next(iter(offer.slots.all()), None)
    broken = (
        breaches(policy, Slot(first.dock_id, first.during.lower, first.during.upper), about) if first else []
    )
    return _("A policy leaves this to a person: %(why)s") % {"why": " ".join(broken)} if broken else ""


def policy_sentences(policy: AnswerPolicy) -> list[str]:
    """What the policy says, a sentence each."""
    inside = _bounds(policy) or _("every slot")
    sentences = []
    if policy.accepts:
        sentences.append(_("Accepts %(inside)s.") % {"inside": inside})
    if policy.counters:
        proposes = ngettext(
            "Answers others with the nearest %(n)d slot.",
            "Answers others with the nearest %(n)d slots.",
            policy.counter_slots,
        )
        sentences.append(proposes % {"n": policy.counter_slots})
        if not policy.accepts:
            sentences.append(_("Leaves to a person: %(inside)s.") % {"inside": inside})
    if policy.answer_hours:
        sentences.append(_("Offers expire after %(n)d h.") % {"n": policy.answer_hours})
    if policy.remind_minutes:
        sentences.append(_("Reminds %(n)d min before.") % {"n": policy.remind_minutes})
    if policy.remind_also:
        sentences.append(_("Reminds %(address)s too.") % {"address": policy.remind_also})
    return sentences


def _bounds(policy: AnswerPolicy) -> str:
    bounds = []
    if policy.weekdays:
        bounds.append(", ".join(str(WEEKDAYS_ABBR[day - 1]) for day in sorted(policy.weekdays)))
    if policy.opens and policy.closes:
        words = {"from": time_format(policy.opens), "to": time_format(policy.closes)}
        bounds.append(_("between %(from)s and %(to)s") % words)
    if policy.most_pallets is not None:
        bounds.append(_("up to %(n)d pallets") % {"n": policy.most_pallets})
    if policy.notice_hours is not None:
        bounds.append(_("at least %(n)d h ahead") % {"n": policy.notice_hours})
    if policy.most_shift_minutes is not None:
        bounds.append(_("at most %(n)d min from what was asked") % {"n": policy.most_shift_minutes})
    return ", ".join(bounds)
