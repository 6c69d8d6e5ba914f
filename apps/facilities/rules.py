"""What a site demands of a load and a vehicle: each rule is a sentence and refuses in one; durations.

Works on what ``selectors.site_profile`` loaded and asks the database nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Protocol
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.facilities.models import Dock, DockRule, HandlingTime, LoadType, Site, TemperatureClass

ROUND_TO_MINUTES = 5
Kind = DockRule.Kind


class LoadFacts(Protocol):
    """What rules look at. Lengths in metres, weights in kg; a vehicle figure of None is not known yet."""

    @property
    def load_type(self) -> str: ...
    @property
    def pallets(self) -> int: ...
    @property
    def lines(self) -> int: ...
    @property
    def temperature_class(self) -> str: ...
    @property
    def adr_classes(self) -> tuple[str, ...]: ...
    @property
    def live(self) -> bool: ...
    @property
    def vehicle_length_m(self) -> Decimal | None: ...
    @property
    def vehicle_height_m(self) -> Decimal | None: ...
    @property
    def vehicle_weight_kg(self) -> Decimal | None: ...
    @property
    def tail_lift(self) -> bool: ...


@dataclass(frozen=True)
class DockProfile:
    """A dock with the rules and handling times that hold there: its own, and the site's where it has none."""

    dock: Dock
    rules: tuple[DockRule, ...]
    handling_times: tuple[HandlingTime, ...]


def rules_at(dock_id: UUID, rules: Iterable[DockRule]) -> tuple[DockRule, ...]:
    """The rules in force at a dock, by kind: its own one stands in place of the site's of the same kind."""
    in_force: dict[str, DockRule] = {}
    for rule in rules:
        if rule.dock_id == dock_id or (rule.dock_id is None and rule.kind not in in_force):
            in_force[rule.kind] = rule
    return tuple(in_force[kind] for kind in Kind.values if kind in in_force)


def refusals(profile: DockProfile, site: Site, load: LoadFacts) -> list[str]:
    """Why this dock can't take this load whenever it comes, a sentence per rule; empty when it can."""
    found = []
    if profile.dock.direction == Dock.Direction.OUTBOUND:
        found.append(_("%(dock)s is for outgoing vehicles only.") % {"dock": profile.dock.name})
    if site.pallets_per_day is not None and load.pallets > site.pallets_per_day:
        found.append(
            _("%(site)s takes up to %(limit)s pallets a day; this load has %(actual)s.")
            % {"site": site.name, "limit": site.pallets_per_day, "actual": load.pallets}
        )
    for rule in profile.rules:
        reason = _objection(rule, load)
        if reason:
            found.append(f"{_takes(rule, _owner(rule, profile.dock, site))}; {reason}")
    return found


def conditions(profile: DockProfile, site: Site, load: LoadFacts) -> list[str]:
    """Limits that a confirmation must state because the vehicle, which has to meet them, isn't known yet."""
    return [
        f"{_takes(rule, _owner(rule, profile.dock, site))}."
        for rule in profile.rules
        if rule.kind in _VEHICLE_FIGURES and getattr(load, _VEHICLE_FIGURES[Kind(rule.kind)]) is None
    ]


def describe(rule: DockRule, owner: str) -> str:
    """The rule as the site's public profile states it, e.g. “Dock 2 takes vehicles up to 9.0 m long.”"""
    return f"{_takes(rule, owner)}."


def describe_site(site: Site) -> list[str]:
    """The site's own limits and policies, a sentence each."""
    sentences = [
        _("Book at least %(least)s and at most %(most)s ahead.")
        % {"least": spell(site.min_lead_time), "most": spell(site.max_lead_time)},
        _("An agreed slot may be changed without consent until %(cutoff)s before it.")
        % {"cutoff": spell(site.change_cutoff)},
        _("Arrive from %(early)s before the slot to %(grace)s after its start.")
        % {
            "early": spell(timedelta(minutes=site.early_minutes)),
            "grace": spell(timedelta(minutes=site.grace_minutes)),
        },
        _("The first %(free)s on site are free of waiting charges.")
        % {"free": spell(timedelta(minutes=site.free_minutes))},
    ]
    if site.vehicles_at_once is not None:
        sentences.append(
            ngettext("One vehicle at a time.", "At most %(count)s vehicles at once.", site.vehicles_at_once)
            % {"count": site.vehicles_at_once}
        )
    if site.pallets_per_day is not None:
        sentences.append(_("At most %(count)s pallets a day.") % {"count": site.pallets_per_day})
    return sentences


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


def spell(span: timedelta) -> str:
    """A policy's length of time in words: “30 days”, “4 hours”, “1 hour 30 minutes”."""
    minutes = int(span.total_seconds()) // 60
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = [
        ngettext("%(n)s day", "%(n)s days", days) % {"n": days} if days else "",
        ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours} if hours else "",
        ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes} if minutes else "",
    ]
    return " ".join(part for part in parts if part) or _("no time")


_VEHICLE_FIGURES = {
    Kind.MAX_LENGTH: "vehicle_length_m",
    Kind.MAX_HEIGHT: "vehicle_height_m",
    Kind.MAX_WEIGHT: "vehicle_weight_kg",
}


def _owner(rule: DockRule, dock: Dock, site: Site) -> str:
    return dock.name if rule.dock_id else site.name


def _takes(rule: DockRule, owner: str) -> str:
    """The rule as a clause without its full stop."""
    words = {"owner": owner, "limit": _figure(rule), "values": _listed(_names(rule))}
    match Kind(rule.kind):
        case Kind.MAX_LENGTH:
            return _("%(owner)s takes vehicles up to %(limit)s m long") % words
        case Kind.MAX_HEIGHT:
            return _("%(owner)s takes vehicles up to %(limit)s m high") % words
        case Kind.MAX_WEIGHT:
            return _("%(owner)s takes vehicles up to %(limit)s kg") % words
        case Kind.MAX_PALLETS:
            return _("%(owner)s takes up to %(limit)s pallets per visit") % words
        case Kind.NEEDS_TAIL_LIFT:
            return _("%(owner)s needs a tail-lift") % words
        case Kind.TEMPERATURE:
            return _("%(owner)s takes only these temperature classes: %(values)s") % words
        case Kind.ADR if not rule.values:
            return _("%(owner)s takes no dangerous goods") % words
        case Kind.ADR:
            return _("%(owner)s takes dangerous goods only of ADR class %(values)s") % words
        case Kind.LOAD_TYPES:
            return _("%(owner)s takes only these load types: %(values)s") % words
        case Kind.LIVE_ONLY:
            return _("%(owner)s takes live unloading only") % words


def _objection(rule: DockRule, load: LoadFacts) -> str:
    """What about this load breaks the rule, as a clause with its full stop; empty when nothing does."""
    match Kind(rule.kind):
        case Kind.MAX_LENGTH | Kind.MAX_HEIGHT as kind:
            metres = getattr(load, _VEHICLE_FIGURES[kind])
            return (
                _("this one is %(actual)s m.") % {"actual": _metres(metres)} if _above(metres, rule) else ""
            )
        case Kind.MAX_WEIGHT:
            kg = load.vehicle_weight_kg
            return _("this one weighs %(actual)s kg.") % {"actual": _whole(kg)} if _above(kg, rule) else ""
        case Kind.MAX_PALLETS:
            above = _above(Decimal(load.pallets), rule)
            return _("this load has %(actual)s.") % {"actual": load.pallets} if above else ""
        case Kind.NEEDS_TAIL_LIFT:
            return "" if load.tail_lift else _("this vehicle has none.")
        case Kind.TEMPERATURE:
            label = _in_sentence(TemperatureClass(load.temperature_class).label)
            return (
                ""
                if load.temperature_class in rule.values
                else _("this load is %(actual)s.") % {"actual": label}
            )
        case Kind.ADR:
            others = [adr_class for adr_class in load.adr_classes if adr_class not in rule.values]
            return _("this load has class %(actual)s.") % {"actual": _listed(others)} if others else ""
        case Kind.LOAD_TYPES:
            label = _in_sentence(LoadType(load.load_type).label)
            return "" if load.load_type in rule.values else _("this load is %(actual)s.") % {"actual": label}
        case Kind.LIVE_ONLY:
            return "" if load.live else _("this trailer would be dropped.")


def _above(figure: Decimal | None, rule: DockRule) -> bool:
    return figure is not None and rule.limit is not None and figure > rule.limit


def _figure(rule: DockRule) -> str:
    if rule.limit is None:
        return ""
    return _metres(rule.limit) if rule.kind in (Kind.MAX_LENGTH, Kind.MAX_HEIGHT) else _whole(rule.limit)


def _metres(figure: Decimal | None) -> str:
    """With one decimal, or with two where the second says something."""
    figure = Decimal(figure or 0)
    return f"{figure:.1f}" if figure == round(figure, 1) else f"{figure:.2f}"


def _whole(figure: Decimal | None) -> str:
    return f"{Decimal(figure or 0).normalize():,f}"


def _names(rule: DockRule) -> list[str]:
    labels = {Kind.TEMPERATURE: TemperatureClass, Kind.LOAD_TYPES: LoadType}.get(Kind(rule.kind))
    return [_in_sentence(labels(value).label) if labels else value for value in rule.values]


def _in_sentence(label: object) -> str:
    """A choice's label as it stands inside a sentence; only its first letter changes."""
    text = str(label)
    return text[:1].lower() + text[1:]


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return _("%(names)s and %(last)s") % {"names": ", ".join(names[:-1]), "last": names[-1]}
