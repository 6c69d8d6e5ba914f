"""Which rules hold at a dock, what they refuse and why, and how long a load takes there.

Works on what ``selectors.site_profile`` loaded and asks the database nothing; the words are in ``sentences``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
from uuid import UUID

from django.utils.translation import gettext as _

from apps.facilities.facts import LoadFacts
from apps.facilities.models import Dock, DockRule, HandlingTime, Site
from apps.facilities.sentences import (
    VEHICLE_FIGURES,
    describe_handling,
    describe_site,
    objection,
    spell,
    takes,
)

__all__ = [
    "DockProfile",
    "LoadFacts",
    "SeasonRules",
    "conditions",
    "describe",
    "describe_handling",
    "describe_site",
    "duration",
    "refusals",
    "rules_at",
    "spell",
]

ROUND_TO_MINUTES = 5
Kind = DockRule.Kind


@dataclass(frozen=True)
class SeasonRules:
    """The rules in force at a dock on a season's days ``[first_day, end_day)``."""

    name: str
    first_day: date
    end_day: date
    rules: tuple[DockRule, ...]


@dataclass(frozen=True)
class DockProfile:
    """A dock with the rules and handling times that hold there: its own, and the site's where it has none.

    ``seasons`` are those whose rules differ from the usual ones.
    """

    dock: Dock
    rules: tuple[DockRule, ...]
    handling_times: tuple[HandlingTime, ...]
    seasons: tuple[SeasonRules, ...] = ()


def rules_at(dock_id: UUID, rules: Iterable[DockRule], season_id: UUID | None = None) -> tuple[DockRule, ...]:
    """The rules in force at a dock, by kind: a season's own stand in place of the usual ones of their kind,
    and of these the dock's own in place of the site's."""
    in_force: dict[str, DockRule] = {}
    for rule in rules:
        if rule.dock_id in (None, dock_id) and rule.season_id in (None, season_id):
            other = in_force.get(rule.kind)
            if other is None or _nearness(rule) > _nearness(other):
                in_force[rule.kind] = rule
    return tuple(in_force[kind] for kind in Kind.values if kind in in_force)


def _nearness(rule: DockRule) -> tuple[bool, bool]:
    return rule.season_id is not None, rule.dock_id is not None


def refusals(
    profile: DockProfile, site: Site, load: LoadFacts, season: SeasonRules | None = None
) -> list[str]:
    """Why this dock can't take this load, on usual days or in a season, a sentence per rule; empty when it
    can."""
    found = []
    if profile.dock.direction == Dock.Direction.OUTBOUND:
        found.append(_("%(dock)s is for outgoing vehicles only.") % {"dock": profile.dock.name})
    for limit, most in (
        (
            site.pallets_per_hour,
            _("%(site)s takes up to %(limit)s pallets an hour; this load has %(actual)s."),
        ),
        (site.pallets_per_day, _("%(site)s takes up to %(limit)s pallets a day; this load has %(actual)s.")),
    ):
        if limit is not None and load.pallets > limit:
            found.append(most % {"site": site.name, "limit": limit, "actual": load.pallets})
    for rule in season.rules if season else profile.rules:
        reason = objection(rule, load)
        if reason:
            found.append(f"{takes(rule, _owner(rule, profile.dock, site))}; {reason}")
    return found


def conditions(profile: DockProfile, site: Site, load: LoadFacts) -> list[str]:
    """Limits that a confirmation must state because the vehicle, which has to meet them, isn't known yet."""
    return [
        f"{takes(rule, _owner(rule, profile.dock, site))}."
        for rule in profile.rules
        if (rule.kind in VEHICLE_FIGURES and getattr(load, VEHICLE_FIGURES[Kind(rule.kind)]) is None)
        or (rule.kind == Kind.VEHICLE_TYPES and not load.vehicle_type)
    ]


def describe(rule: DockRule, owner: str) -> str:
    """The rule as the site's public profile states it, e.g. “Dock 2 takes vehicles up to 9.0 m long.”"""
    return f"{takes(rule, owner)}."


def duration(handling_times: Sequence[HandlingTime], load: LoadFacts) -> int:
    """Minutes that a dock is taken by this load: fixed + per pallet + per line, rounded up to five.

    Of several handling times the one for this dock and load type holds before the dock's, before the
    site's for the load type, before the site's. A site that gives none has the defaults of the form.
    """
    fitting = [time for time in handling_times if time.load_type in ("", load.load_type)]
    time = max(fitting, key=lambda t: (t.dock_id is not None, t.load_type != ""), default=HandlingTime())
    exact = (
        Decimal(time.fixed_minutes)
        + load.pallets * Decimal(time.minutes_per_pallet)
        + load.lines * Decimal(time.minutes_per_line)
    )
    steps = (exact / ROUND_TO_MINUTES).to_integral_value(rounding=ROUND_CEILING)
    return max(ROUND_TO_MINUTES, int(steps) * ROUND_TO_MINUTES)


def _owner(rule: DockRule, dock: Dock, site: Site) -> str:
    return dock.name if rule.dock_id else site.name
