"""Setting and dropping a party's policy of answering; what it answers is done where deliveries are."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from apps.accounts.actors import Actor, Side
from apps.accounts.permissions import require
from apps.appointments.models import AnswerPolicy
from apps.appointments.services.errors import ChangedMeanwhile
from apps.appointments.services.partners import require_partnership
from apps.facilities.models import Site

CHANGED = "Somebody else changed this policy meanwhile; look at it as it is now and change it again."


@transaction.atomic
def set_policy(
    *,
    actor: Actor,
    side: Side,
    site: Site,
    shipper_id: UUID | None,
    terms: Mapping[str, Any],
    version: int | None,
    now: datetime,
) -> AnswerPolicy:
    """Set how a side answers at a site; ``terms`` are fields of ``AnswerPolicy``, all of those it may say.

    ``version`` is that of the policy as it was read; None where there was none.

    Raises:
        PermissionRefused: the actor negotiates for neither.
        NoPartnership: the shipper and the site's recipient don't trade.
        ChangedMeanwhile: somebody else set or dropped it since it was read.
    """
    fresh = AnswerPolicy(side=str(side), site=site, shipper_id=shipper_id, **terms)
    require(actor, "appointments.set_policy", fresh)
    if shipper_id is not None:
        require_partnership(shipper_id, site)
    fresh.set_by, fresh.set_at = actor.name, now
    if version is None:
        try:
            with transaction.atomic():
                fresh.save(force_insert=True)
        except IntegrityError as error:
            if "answer_policy_once" not in str(error):
                raise
            raise ChangedMeanwhile(CHANGED) from error
        return fresh
    held = AnswerPolicy.objects.filter(Q(shipper_id=shipper_id), side=str(side), site=site)
    terms = {**terms, "set_by": actor.name, "set_at": now, "version": version + 1}
    if not held.filter(version=version).update(**terms):
        raise ChangedMeanwhile(CHANGED)
    return held.get()


def drop_policy(*, actor: Actor, policy: AnswerPolicy) -> None:
    """Have people answer again; ``policy`` is the one to drop as it was read.

    Raises:
        PermissionRefused: the actor negotiates for neither.
        ChangedMeanwhile: somebody else set it anew since it was read.
    """
    require(actor, "appointments.set_policy", policy)
    dropped, _ = AnswerPolicy.objects.filter(pk=policy.pk, version=policy.version).delete()
    if not dropped and AnswerPolicy.objects.filter(pk=policy.pk).exists():
        raise ChangedMeanwhile(CHANGED)
