"""What people say of causes and cost; what they say stays, the record's own words beside it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.figures import permissions  # noqa: F401 registers the rules
from apps.figures.causes import Cause
from apps.figures.errors import NoCauseFound, NoSuchDelivery, RatesSayNothing, ReasonMissing
from apps.figures.models import CauseOverride, FailureRates, VisitFacts
from apps.tenancy.doorway import current_shipper

PRICED = ("redelivery", "detention_hour", "late_penalty", "spoilage_pallet")


@transaction.atomic
def override_cause(
    *, actor: Actor, delivery_id: UUID, cause: Cause, reason: str, now: datetime
) -> CauseOverride:
    """Say that a delivery went wrong by something else than the record shows; that is kept beside it.

    Raises:
        PermissionRefused; NoSuchDelivery; NoCauseFound: the record has no cause yet; ReasonMissing.
    """
    require(actor, "figures.explain", current_shipper())
    facts = VisitFacts.objects.select_for_update().filter(pk=delivery_id).first()
    if facts is None:
        raise NoSuchDelivery("There is no such delivery, or it was not counted yet; try again in a minute.")
    if not facts.cause:
        raise NoCauseFound("The record shows nothing that went wrong with this delivery.")
    if not reason.strip():
        raise ReasonMissing("Say in a few words how you know; it stays beside what the record says.")
    return CauseOverride.objects.create(
        delivery_id=delivery_id,
        found=facts.cause,
        cause=cause,
        reason=reason.strip()[:300],
        said_by=actor.name,
        said_at=now,
    )


@transaction.atomic
def set_rates(*, actor: Actor, valid_from: date, currency: str, rates: dict[str, Any]) -> FailureRates:
    """Say what failure costs from a day on; the same day again corrects it, earlier ones stay.

    ``rates`` are cents by the names of ``PRICED``, None where not known.

    Raises:
        PermissionRefused; RatesSayNothing: none of them is known.
    """
    require(actor, "figures.price", current_shipper())
    given = {name: rates.get(name) for name in PRICED}
    if all(value is None for value in given.values()):
        raise RatesSayNothing("Give at least one rate; what is left empty is not counted.")
    told, _is_new = FailureRates.objects.update_or_create(
        valid_from=valid_from, defaults={**given, "currency": currency, "set_by": actor.name}
    )
    return told
