"""Where a phone says that its vehicle is: with a step, or between steps while its round is not done."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.driving.errors import RouteClosed
from apps.driving.models import DriverSession
from apps.driving.saying import position_said
from apps.driving.selectors import round_of
from apps.tracking import services as tracking
from apps.tracking.models import Source


def note_position(
    *, session: DriverSession, id: UUID, facts: Mapping[str, Any], at: datetime, now: datetime
) -> bool:
    """Keep the position among ``facts``; whether there was one that could be believed.

    ``id`` is the phone's own for it: sent twice it is kept once. ``at`` is by the phone's clock.
    """
    here = position_said(facts)
    if here is None:
        return False
    said = tracking.Said(
        str(id), session.vehicle.plate, at, here.latitude, here.longitude, accuracy_m=here.accuracy_m
    )
    (answer,) = tracking.take_positions(said=[said], source=Source.PHONE, sender=session.pk, now=now)
    return answer.outcome != tracking.Outcome.REFUSED


def follow(
    *, session: DriverSession, id: UUID, facts: Mapping[str, Any], at: datetime, now: datetime
) -> bool:
    """As ``note_position``, for what a phone says by itself: only while something of its round is left.

    Raises:
        RouteClosed: the round is done, or the plan has no route for the vehicle; nothing was kept.
    """
    if round_of(session).upcoming is None:
        raise RouteClosed("The round is done; nobody needs to know where this phone is.")
    return note_position(session=session, id=id, facts=facts, at=at, now=now)
