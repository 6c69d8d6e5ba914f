"""How a site's rules read: each a sentence on its profile, and a clause with what breaks it in a refusal."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.facilities.facts import LoadFacts
from apps.facilities.models import (
    DockRule,
    Equipment,
    HandlingTime,
    LoadType,
    Site,
    TemperatureClass,
    VehicleType,
)

Kind = DockRule.Kind

VEHICLE_FIGURES = {
    Kind.MAX_LENGTH: "vehicle_length_m",
    Kind.MAX_HEIGHT: "vehicle_height_m",
    Kind.MAX_WEIGHT: "vehicle_weight_kg",
}
_LABELS: dict[Kind, type[TextChoices]] = {
    Kind.TEMPERATURE: TemperatureClass,
    Kind.LOAD_TYPES: LoadType,
    Kind.VEHICLE_TYPES: VehicleType,
    Kind.EQUIPMENT: Equipment,
}


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
    if site.allows_unattended:
        sentences.append(_("Goods may be left unattended, with a photo and the position."))
    if site.asks_code:
        sentences.append(_("Whoever receives goods confirms it by a one-time code from their e-mail."))
    sentences += [
        sentence % {"count": count}
        for count, sentence in (
            (site.vehicles_at_once, _vehicles_at_once(site.vehicles_at_once or 0)),
            (site.appointments_per_hour, _("At most %(count)s appointments start in one hour.")),
            (site.pallets_per_hour, _("At most %(count)s pallets an hour.")),
            (site.appointments_per_day, _("At most %(count)s appointments a day.")),
            (site.pallets_per_day, _("At most %(count)s pallets a day.")),
            (
                site.shipper_appointments_per_day,
                _("At most %(count)s appointments a day for each shipper."),
            ),
        )
        if count is not None
    ]
    return sentences


def describe_handling(time: HandlingTime) -> str:
    """A handling time as a sentence: “Pallets take 15 minutes and 2 more per pallet.”"""
    what = str(LoadType(time.load_type).label) if time.load_type else _("A load")
    more = [
        part % {"n": f"{Decimal(figure).normalize():f}"}
        for figure, part in (
            (time.minutes_per_pallet, _("%(n)s min per pallet")),
            (time.minutes_per_line, _("%(n)s min per order line")),
        )
        if figure
    ]
    fixed = _("%(n)s min") % {"n": time.fixed_minutes}
    return _("%(what)s: %(time)s at the dock.") % {"what": what, "time": " + ".join([fixed, *more])}


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


def takes(rule: DockRule, owner: str) -> str:
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
        case Kind.DROP_ONLY:
            return _("%(owner)s takes dropped trailers only") % words
        case Kind.VEHICLE_TYPES:
            return _("%(owner)s takes only these vehicles: %(values)s") % words
        case Kind.EQUIPMENT if not rule.values:
            return _("%(owner)s has no equipment for unloading") % words
        case Kind.EQUIPMENT:
            return _("%(owner)s unloads with %(values)s") % words
        case Kind.APART:
            return (
                _("%(owner)s keeps dangerous goods of ADR class %(values)s apart, in a vehicle and on site")
                % words
            )


def objection(rule: DockRule, load: LoadFacts) -> str:
    """What about this load breaks the rule, as a clause with its full stop; empty when nothing does."""
    match Kind(rule.kind):
        case Kind.MAX_LENGTH | Kind.MAX_HEIGHT as kind:
            metres = getattr(load, VEHICLE_FIGURES[kind])
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
        case Kind.DROP_ONLY:
            return _("this driver would wait.") if load.live else ""
        case Kind.VEHICLE_TYPES:
            if not load.vehicle_type or load.vehicle_type in rule.values:
                return ""
            return _("this one is: %(actual)s.") % {
                "actual": _in_sentence(VehicleType(load.vehicle_type).label)
            }
        case Kind.EQUIPMENT:
            missing = [
                _in_sentence(Equipment(name).label) for name in load.equipment if name not in rule.values
            ]
            return _("this load needs: %(actual)s.") % {"actual": _listed(missing)} if missing else ""
        case Kind.APART:
            together = [adr_class for adr_class in load.adr_classes if adr_class in rule.values]
            return (
                _("this load has class %(actual)s together.") % {"actual": _listed(together)}
                if len(together) > 1
                else ""
            )


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
    labels = _LABELS.get(Kind(rule.kind))
    return [_in_sentence(labels(value).label) if labels else value for value in rule.values]


def _in_sentence(label: object) -> str:
    """A choice's label as it stands inside a sentence; only its first letter changes."""
    text = str(label)
    return text[:1].lower() + text[1:]


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return _("%(names)s and %(last)s") % {"names": ", ".join(names[:-1]), "last": names[-1]}


def _vehicles_at_once(count: int) -> str:
    return ngettext("One vehicle at a time.", "At most %(count)s vehicles at once.", count)
