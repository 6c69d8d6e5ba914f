"""Setting a project's dates, and which deliveries they wait for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.deliveries.models import Delivery
from apps.facilities.models import Site
from apps.figures import permissions  # noqa: F401 registers the rules
from apps.figures.errors import MilestoneInvalid, NoSuchDelivery, NoSuchMilestone, NotOfThisSite
from apps.figures.models import Milestone, MilestoneDelivery
from apps.tenancy.doorway import current_shipper


@dataclass(frozen=True)
class Dates:
    """What a milestone says; costs are cents of a begun day, None where not known."""

    project: str
    name: str
    kind: Milestone.Kind
    site: Site
    starts_at: datetime
    not_before: datetime | None
    late_day: int | None
    early_day: int | None
    currency: str


def set_milestone(*, actor: Actor, dates: Dates, milestone_id: UUID | None = None) -> Milestone:
    """A new milestone, or the one of that id changed.

    Raises:
        PermissionRefused; NoSuchMilestone; MilestoneInvalid: goods may not be there before it begins, or the
        project has that one at the site already. NotOfThisSite: it has deliveries to another site.
    """
    require(actor, "figures.promise", current_shipper())
    if dates.not_before is not None and dates.not_before >= dates.starts_at:
        raise MilestoneInvalid(
            "Goods have to be welcome before it begins: choose an earlier moment, or none."
        )
    try:
        with transaction.atomic():
            one = _locked(milestone_id) if milestone_id else Milestone()
            if milestone_id and one.tied.exclude(delivery__site=dates.site).exists():
                raise NotOfThisSite("It waits for deliveries to another site; take those off first.")
            for name, value in vars(dates).items():
                setattr(one, name, value)
            one.set_by = actor.name
            one.save()
    except IntegrityError as error:
        if "milestone_once" not in str(error):
            raise
        raise MilestoneInvalid("The project has a milestone of this name at this site already.") from error
    return one


@transaction.atomic
def remove_milestone(*, actor: Actor, milestone_id: UUID) -> None:
    """Take it away; its deliveries stay as they are.

    Raises:
        PermissionRefused, NoSuchMilestone.
    """
    require(actor, "figures.promise", current_shipper())
    _locked(milestone_id).delete()


@transaction.atomic
def tie(*, actor: Actor, milestone_id: UUID, numbers: Sequence[str]) -> int:
    """Let it wait for the deliveries of these numbers as well; how many are new. All of them or none.

    Raises:
        PermissionRefused; NoSuchMilestone; NotOfThisSite: some of them are unknown, or go to another site.
    """
    require(actor, "figures.promise", current_shipper())
    one = _locked(milestone_id)
    found = {each.number: each.pk for each in Delivery.objects.filter(number__in=numbers, site=one.site)}
    if missing := [number for number in numbers if number not in found]:
        raise NotOfThisSite(f"No delivery of this number goes to {one.site.name}: {', '.join(missing[:5])}.")
    known = set(one.tied.values_list("delivery_id", flat=True))
    new = [MilestoneDelivery(milestone=one, delivery_id=pk) for pk in set(found.values()) - known]
    MilestoneDelivery.objects.bulk_create(new)
    return len(new)


@transaction.atomic
def untie(*, actor: Actor, milestone_id: UUID, delivery_id: UUID) -> None:
    """Let it wait for this delivery no longer.

    Raises:
        PermissionRefused; NoSuchMilestone; NoSuchDelivery: it does not wait for that one.
    """
    require(actor, "figures.promise", current_shipper())
    gone, _of = _locked(milestone_id).tied.filter(delivery_id=delivery_id).delete()
    if not gone:
        raise NoSuchDelivery("It does not wait for that delivery any more.")


def _locked(milestone_id: UUID) -> Milestone:
    one = Milestone.objects.select_for_update(of=("self",)).filter(pk=milestone_id).first()
    if one is None:
        raise NoSuchMilestone("There is no such milestone any more.")
    return one
