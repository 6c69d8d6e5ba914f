"""Carriers at a glance: whether they can be used, what lapses, what they have driven and how well."""

from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.carriers.models import Carrier, ComplianceDocument, Driver, Vehicle
from apps.carriers.selectors import lapsing, priced_on, tariff_gaps, usable_on
from apps.carriers.usability import written
from apps.portal.presenters.plan import money
from apps.routing.volumes import Standing
from apps.tendering.scorecards import Rate, Scorecard

Context = dict[str, Any]
GAP_DAYS = 60


def row(carrier: Carrier, card: Scorecard, day: date) -> Context:
    """A carrier in the overview."""
    against = usable_on(carrier, day)
    ends = lapsing(carrier, day=day)
    vehicles = [one for one in carrier.vehicles.all() if one.active]
    drivers = [one for one in carrier.drivers.all() if one.active]
    return {
        "name": carrier.name,
        "url": reverse("desk:carrier", args=[carrier.pk]),
        "kind": _("Own fleet") if carrier.own_fleet else carrier.scac or _("Contracted"),
        **verdict(against, ends),
        "against": against,
        "lapses": [f"{what}: {written(last)}" for last, what in ends[:2]],
        "more_lapses": max(0, len(ends) - 2),
        "vehicles": f"{sum(not usable_on(one, day) for one in vehicles)} / {len(vehicles)}",
        "drivers": f"{sum(not usable_on(one, day) for one in drivers)} / {len(drivers)}",
        "score": "–" if card.score is None else f"{100 * card.score:.0f}",
    }


def verdict(against: tuple[str, ...], ends: list[tuple[date, str]]) -> Context:
    """Mark and word: can it be used today, and does something lapse soon."""
    if against:
        return {"mark": "refused", "label": _("Not today")}
    if ends:
        return {"mark": "expiring", "label": _("Usable, lapses soon")}
    return {"mark": "accepted", "label": _("Usable today")}


def vehicle_rows(carrier: Carrier, day: date) -> list[Context]:
    """Its vehicles with what is against each on ``day``."""
    return [
        {
            "plate": vehicle.plate,
            "url": reverse("admin:carriers_vehicle_change", args=[vehicle.pk]),
            "class": vehicle.get_vehicle_class_display(),
            "size": f"{vehicle.length_m} × {vehicle.height_m} m",
            "carries": _("%(pallets)d pallets, %(kg)s kg")
            % {"pallets": vehicle.capacity_pallets, "kg": f"{vehicle.capacity_kg:,}"},
            "equipment": ", ".join(_equipment(vehicle)) or "–",
            **_usable([*usable_on(vehicle, day), *_unpriced(carrier, vehicle, day)]),
        }
        for vehicle in carrier.vehicles.all()
    ]


def driver_rows(carrier: Carrier, day: date) -> list[Context]:
    """Its drivers with what they are qualified for and what is against each on ``day``."""
    return [
        {
            "name": driver.name,
            "url": reverse("admin:carriers_driver_change", args=[driver.pk]),
            "phone": driver.phone,
            "qualified": _qualifications(driver),
            **_usable(list(usable_on(driver, day))),
        }
        for driver in carrier.drivers.all()
    ]


def document_rows(carrier: Carrier, day: date) -> list[Context]:
    """Its compliance documents, those that count now first."""
    plates = {vehicle.pk: vehicle.plate for vehicle in carrier.vehicles.all()}
    found = sorted(
        carrier.documents.all(), key=lambda one: (one.valid_until < day, one.kind, one.valid_until)
    )
    return [
        {
            "kind": one.get_kind_display(),
            "of": plates.get(one.vehicle_id, "") if one.vehicle_id else _("the carrier"),
            "number": one.number,
            "until": one.valid_until,
            **_validity(one, day),
            "blocks": one.blocks,
            "file": one.file_name,
            "file_url": reverse("desk:compliance_document", args=[one.pk]) if one.path else "",
        }
        for one in found
    ]


def gap_sentences(carrier: Carrier, day: date) -> list[str]:
    """Stretches of the next 60 days without a tariff, a sentence each."""
    return [
        _("%(class)s: no tariff from %(first)s to %(last)s.")
        % {"class": vehicle_class.label, "first": written(first), "last": written(last)}
        for vehicle_class, first, last in tariff_gaps(carrier, first=day, days=GAP_DAYS)
    ]


def tariff_rows(carrier: Carrier, day: date) -> list[Context]:
    """The tariffs in force on ``day``, part by part."""
    parts = (
        ("per_route", _("route")),
        ("per_km", _("km")),
        ("per_hour", _("hour")),
        ("per_stop", _("stop")),
        ("per_pallet", _("pallet")),
        ("per_waiting_hour", _("hour of waiting")),
    )
    return [
        {
            "class": tariff.get_vehicle_class_display(),
            "charges": [
                _("%(price)s per %(unit)s")
                % {"price": money(getattr(tariff, name), tariff.currency), "unit": unit}
                for name, unit in parts
                if getattr(tariff, name)
            ],
            "minimum": money(tariff.minimum, tariff.currency) if tariff.minimum else "",
            "until": _last_day(tariff.valid.upper),
        }
        for tariff in carrier.tariffs.all()
        if (tariff.valid.lower is None or tariff.valid.lower <= day)
        and (tariff.valid.upper is None or day < tariff.valid.upper)
    ]


def scores(card: Scorecard) -> list[Context]:
    """The scorecard's rates, each with what it was counted from and what couldn't be counted."""
    usual = card.usual_answer
    return [
        _tile(_("Tenders accepted"), card.acceptance),
        _tile(_("Departed on time"), card.departures),
        _tile(_("Arrived in the window"), card.arrivals),
        _tile(_("Undamaged units"), card.undamaged),
        {
            "label": _("Usual time to answer"),
            "value": "–" if usual is None else f"{usual:.0f}",
            "unit": "" if usual is None else "min",
            "note": ngettext("%(n)d answer", "%(n)d answers", len(card.answer_minutes))
            % {"n": len(card.answer_minutes)},
        },
    ]


def commitment_rows(stands: list[Standing]) -> list[Context]:
    """What was agreed for the period around today, and how much of it was given."""
    rows = []
    for standing in stands:
        one = standing.commitment
        state = {"mark": "accepted", "label": _("As agreed")}
        if standing.is_behind:
            state = {"mark": "warning", "label": _("Behind")}
        elif standing.would_exceed(0.01):
            state = {"mark": "cancelled", "label": _("Full")}
        rows.append(
            {
                "measure": one.get_measure_display(),
                "period": one.get_period_display(),
                "least": "–" if one.at_least is None else one.at_least,
                "most": "–" if one.at_most is None else one.at_most,
                "used": f"{standing.used:.0f}",
                **state,
            }
        )
    return rows


def _tile(label: str, rate: Rate) -> Context:
    share = rate.share
    counted = _("%(good)d of %(counted)d") % {"good": rate.good, "counted": rate.counted}
    if rate.uncounted:
        counted += ", " + _("%(n)d could not be counted") % {"n": rate.uncounted}
    return {
        "label": label,
        "value": "–" if share is None else f"{100 * share:.0f}",
        "unit": "" if share is None else "%",
        "note": counted,
    }


def _usable(against: list[str]) -> Context:
    if against:
        return {"mark": "refused", "label": _("Not today"), "against": against}
    return {"mark": "accepted", "label": _("Usable"), "against": []}


def _unpriced(carrier: Carrier, vehicle: Vehicle, day: date) -> list[str]:
    if not vehicle.active or priced_on(carrier, vehicle.vehicle_class, day):
        return []
    return [_("No tariff for “%s” on this day.") % vehicle.get_vehicle_class_display()]


def _equipment(vehicle: Vehicle) -> list[str]:
    range_said = (
        f"{vehicle.min_celsius:.0f} – {vehicle.max_celsius:.0f} °C"
        if vehicle.min_celsius is not None and vehicle.max_celsius is not None
        else ", ".join(vehicle.temperature_classes)
    )
    return [
        *([str(_("Tail-lift"))] if vehicle.tail_lift else []),
        *([str(_("Dangerous goods"))] if vehicle.adr else []),
        *([range_said] if range_said else []),
        *([vehicle.get_emission_class_display()] if vehicle.emission_class else []),
    ]


def _qualifications(driver: Driver) -> str:
    said = [
        f"{one.get_kind_display()} ({date_format(one.valid_until, 'j M Y')})"
        if one.valid_until
        else str(one.get_kind_display())
        for one in driver.qualifications.all()
    ]
    return ", ".join(said)


def _validity(one: ComplianceDocument, day: date) -> Context:
    if one.valid_until < day:
        return {"mark": "expired", "label": _("Lapsed")}
    if one.valid_from and one.valid_from > day:
        return {"mark": "waiting", "label": _("Not yet valid")}
    days = (one.valid_until - day).days
    if days <= 30:
        left = ngettext("Lapses in %(n)d day", "Lapses in %(n)d days", days) % {"n": days}
        return {"mark": "expiring", "label": left}
    return {"mark": "accepted", "label": _("Valid")}


def _last_day(upper: date | None) -> str:
    return written(date.fromordinal(upper.toordinal() - 1)) if upper else _("no end")
