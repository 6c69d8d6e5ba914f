"""Telling the other side of a step of a standing appointment, and both of what was agreed or ended."""

from django.utils.translation import gettext as _

from apps.accounts.actors import Side
from apps.appointments.models import StandingAppointment
from apps.notices.kinds import Kind
from apps.notices.services import notify, recipient_people, shipper_people

#: Both sides hear of these; of the others the side that didn't take the step.
TO_BOTH = frozenset({"agreed", "ended", "replaced"})


def series_words(step: str) -> str:
    """What somebody did with a series, for its history and for the subject of a notice."""
    return {
        "proposed": _("proposed a standing appointment"),
        "countered": _("proposed other terms of a standing appointment"),
        "agreed": _("agreed to a standing appointment"),
        "declined": _("declined a standing appointment"),
        "ended": _("ended a standing appointment"),
        "replaced": _("replaced a standing appointment by another"),
        "skipped": _("left out a day of a standing appointment"),
    }.get(step, step)


def announce_series(series: StandingAppointment, step: str, by: Side, who: str, message: str) -> None:
    """Promise to tell whom a step concerns; ``by`` is the side that took it, ``who`` its person."""
    for side in (Side.SHIPPER, Side.RECIPIENT):
        if side == by and step not in TO_BOTH:
            continue
        recipient = series.site.recipient
        audience = shipper_people(series.shipper_id)
        if side == Side.RECIPIENT:
            if recipient is None:
                continue
            audience = recipient_people(recipient.pk, mailbox=recipient.email)
        notify(
            kind=Kind.STANDING,
            audience=audience,
            title=f"{who} {series_words(step)}: {series.site.name}",
            body=message,
            path=f"/standing/{series.pk}/",
            subject_id=series.pk,
        )
