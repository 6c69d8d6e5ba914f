"""Copying what holds at one site to another: hours, rules, limits, papers; docks and seasons by name."""

from typing import Any
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.actors import Actor
from apps.core.errors import DomainError, PermissionRefused
from apps.core.ids import new_id
from apps.facilities.models import (
    Dock,
    DockRule,
    DocumentRequirement,
    HandlingTime,
    ReceivingWindow,
    Season,
    Site,
)
from apps.facilities.selectors import sites_visible_to

#: What can be copied, by key; policies are the site's own fields.
PARTS: dict[str, Any] = {
    "hours": gettext_lazy("Receiving windows and seasons"),
    "rules": gettext_lazy("Rules and handling times"),
    "policies": gettext_lazy("Lead times, limits and grace"),
    "papers": gettext_lazy("Papers demanded"),
}
POLICIES = (
    "min_lead_time",
    "max_lead_time",
    "change_cutoff",
    "answer_within",
    "early_minutes",
    "grace_minutes",
    "free_minutes",
    *Site.COUNTED,
)
#: What hangs on a site, by the part it is copied with.
ROWS: dict[str, tuple[Any, ...]] = {
    "hours": (ReceivingWindow,),
    "rules": (DockRule, HandlingTime),
    "papers": (DocumentRequirement,),
}


class CopyRefused(DomainError):
    """These parts can't be copied from there; nothing has changed."""

    code = "copy-refused"
    status = 422


def copy_rules(*, actor: Actor, source_id: UUID, target: Site, parts: set[str]) -> list[str]:
    """Put ``parts`` of what holds at ``source_id`` in place of the target's own; inside ``change_site``.

    What is not among ``parts`` stays: copied hours leave the rules of the target's seasons, copied rules
    leave its seasons and hours. Closures and reserved time are one site's own and never copied. What belongs
    to a dock or a season goes to the target's of the same name; names that it doesn't have are answered, and
    what is theirs is left out.

    Raises:
        PermissionRefused: the actor may not read the source.
        CopyRefused: the source is the target, or a season would lie over one that has to stay.
    """
    source = sites_visible_to(actor).filter(pk=source_id).first()
    if source is None:
        raise PermissionRefused(_("That site is not one of yours."))
    if source.pk == target.pk:
        words = _("%(site)s can’t be copied to itself; choose another site.")
        raise CopyRefused(words % {"site": source.name})
    if "hours" in parts:
        _copy_seasons(source, target)
    docks = dict(Dock.objects.filter(site=target).values_list("name", "pk"))
    seasons = dict(Season.objects.filter(site=target).values_list("name", "pk"))
    missing: dict[str, None] = {}
    for model in (model for part, models in ROWS.items() if part in parts for model in models):
        model.objects.filter(site=target).delete()
        for row in model.objects.filter(site=source).select_related(*_owners(model)):
            _copy(row, target, {"dock": docks, "season": seasons}, missing)
    if "policies" in parts:
        for name in POLICIES:
            setattr(target, name, getattr(source, name))
        target.save(update_fields=list(POLICIES))
    return list(missing)


def _copy_seasons(source: Site, target: Site) -> None:
    """The source's seasons in place of the target's; of the target's others those stay that have rules.

    All are written anew, since no two may lie over each other for a moment; their rules go with them.
    """
    days = {season.name: season.days for season in Season.objects.filter(site=source)}
    ruled = Season.objects.filter(site=target, rules__isnull=False).distinct().prefetch_related("rules")
    rules = {season.name: list(season.rules.all()) for season in ruled}
    for other in ruled.exclude(name__in=list(days)):
        over = next((name for name, taken in days.items() if _meet(taken, other.days)), None)
        if over is not None:
            words = _("%(new)s would lie over %(old)s, which has rules; move or remove that season first.")
            raise CopyRefused(words % {"new": over, "old": other.name})
        days[other.name] = other.days
    Season.objects.filter(site=target).delete()
    made = Season.objects.bulk_create(Season(site=target, name=name, days=at) for name, at in days.items())
    for season in made:
        for rule in rules.get(season.name, ()):
            rule.season = season
            rule.save(force_insert=True)


def _meet(one: DateRange, other: DateRange) -> bool:
    return bool(one.lower < other.upper and other.lower < one.upper)


def _owners(model: Any) -> list[str]:
    """The names of the fields by which a row belongs to a part of the site."""
    names = {field.name for field in model._meta.concrete_fields}
    return [name for name in ("dock", "season") if name in names]


def _copy(row: Any, target: Site, there: dict[str, dict[str, UUID]], missing: dict[str, None]) -> None:
    for owner in _owners(type(row)):
        own = getattr(row, owner)
        if own is None:
            continue
        if own.name not in there[owner]:
            missing[own.name] = None
            return
        setattr(row, f"{owner}_id", there[owner][own.name])
    row.pk, row.site = new_id(), target
    row.save(force_insert=True)
