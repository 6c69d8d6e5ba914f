"""The figures: what each says in words, which sums it is made of, and what could not be counted for it.

A formula adds names of sums (``apps.figures.summing.SUMS``): ``came - came_window``. What no figure can be
made of yet is said in ``NOT_COUNTED``, with the reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.db.models import (
    DateTimeField,
    DurationField,
    Expression,
    ExpressionWrapper,
    F,
    FloatField,
    Q,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Greatest, NullIf
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from apps.deliveries.states import FailureReason, State
from apps.figures.models import HORIZONS
from apps.figures.summing import RIGHT_S

Words = str | Promise


class Unit(StrEnum):
    """What a figure's value is in."""

    SHARE = "share"
    MINUTES = "minutes"
    COUNT = "count"
    CENTS = "cents"


class Group(StrEnum):
    """What a figure is about, in the order in which they are shown."""

    SERVICE = "service"
    TIME = "time"
    AGREEMENT = "agreement"
    MONEY = "money"
    CARE = "care"
    QUALITY = "quality"


GROUPS: dict[Group, Words] = {
    Group.SERVICE: _("Service"),
    Group.TIME: _("Time at the site"),
    Group.AGREEMENT: _("Agreement and tenders"),
    Group.MONEY: _("Cost and vehicles"),
    Group.CARE: _("Exceptions"),
    Group.QUALITY: _("Quality of the record"),
}


@dataclass(frozen=True)
class Definition:
    """One figure: ``part`` / ``of`` × ``scale``; ``more_is_better`` judges a change of it.

    ``others`` chooses the deliveries that are held against us, or without them ``counted`` those that it was
    counted from; ``left_out`` those that could not be counted. ``worth`` is what one delivery adds, in the
    figure's unit (spans as such): lists have it, the worst first.
    """

    group: Group
    label: Words
    meaning: Words
    unit: Unit
    more_is_better: bool
    part: str
    of: str
    uncounted: str
    not_counted: Words
    scale: float = 1.0
    others: Q | None = None
    counted: Q | None = None
    left_out: Q = field(kw_only=True)
    worth: Expression | None = None
    has_prices: bool = False


@dataclass(frozen=True)
class Figure:
    """A value, None where nothing could be counted: ``part`` of ``of``; ``uncounted`` more were left out."""

    name: str
    value: float | None
    part: float
    of: float
    uncounted: float

    @property
    def definition(self) -> Definition:
        return DEFINITIONS[self.name]


def figure(name: str, sums: Mapping[str, Any]) -> Figure:
    """One figure made of sums."""
    told = DEFINITIONS[name]
    part, of = amount(told.part, sums), amount(told.of, sums)
    value = told.scale * part / of if of else None
    return Figure(name, value, part, of, max(0.0, amount(told.uncounted, sums)))


def amount(formula: str, sums: Mapping[str, Any]) -> float:
    """What a formula of names, ``+`` and ``-`` comes to."""
    total, sign = 0.0, 1
    for word in formula.split():
        if word in "+-":
            sign = 1 if word == "+" else -1
        else:
            total += sign * float(sums[word])
    return total


_HAS_WINDOW = Q(window_from__isnull=False)
_CAME = Q(came_at__isnull=False)
_IN_WINDOW = Q(came_at__gte=F("window_from"), came_at__lt=F("window_to"))
_OVER = Q(state__in=(State.DELIVERED, State.REFUSED, State.FAILED))
_MISADDRESSED = _OVER & Q(failure_reason=FailureReason.INVALID_ADDRESS)
_IN_FULL = Q(outcome="accepted", units_received=F("units_expected"), found=0)
_STATED = Q(handed_at__isnull=False)
_SECONDS = 1 / 60
_STAY_END = Coalesce("out_at", "handed_at")
_FREE_UNTIL = Greatest("came_at", "slot_from") + ExpressionWrapper(
    F("free_minutes") * Value(timedelta(minutes=1)), output_field=DurationField()
)
#: Of a figure whose worth is a span.
_MEASURED = Q(worth__gte=timedelta(0))
_UNMEASURED = Q(worth=None) | Q(worth__lt=timedelta(0))


def _span(start: Any, end: Any) -> Expression:
    """How long it was from one moment to another."""
    return ExpressionWrapper(_moment(end) - _moment(start), output_field=DurationField())


def _moment(of: Any) -> Any:
    if isinstance(of, str):
        return F(of)
    return ExpressionWrapper(of, output_field=DateTimeField())


def _ratio(part: Any, of: str, scale: float = 1.0) -> Expression:
    """One number of a row by another; none where that is nothing."""
    whole = NullIf(Cast(of, FloatField()), Value(0.0), output_field=FloatField())
    return ExpressionWrapper(Cast(part, FloatField()) * Value(scale) / whole, output_field=FloatField())


def _expected(minutes: int) -> Definition:
    """How right the arrivals were that were told so many minutes ahead."""
    off = f"eta_{minutes}_s"
    told, is_right = Q(**{f"{off}__isnull": False}), Q(**{f"{off}__range": (-RIGHT_S, RIGHT_S)})
    return Definition(
        Group.SERVICE,
        format_lazy(_("Expected rightly, {minutes} min ahead"), minutes=minutes),
        format_lazy(
            _("Came within 15 minutes of what was told {minutes} minutes before, of those told of so early."),
            minutes=minutes,
        ),
        Unit.SHARE,
        True,
        f"right_{minutes}",
        f"told_{minutes}",
        f"came - told_{minutes}",
        _("not told of so early"),
        others=told & ~is_right,
        left_out=_CAME & ~told,
    )


DEFINITIONS: dict[str, Definition] = {
    "on_time": Definition(
        Group.SERVICE,
        _("On time"),
        _("Checked in inside the arrival window, of those that were checked in and had one."),
        Unit.SHARE,
        True,
        "on_time",
        "came_window",
        "came - came_window",
        _("checked in without an agreed window"),
        others=_HAS_WINDOW & _CAME & ~_IN_WINDOW,
        left_out=_CAME & ~_HAS_WINDOW,
    ),
    "otif": Definition(
        Group.SERVICE,
        _("On time and in full"),
        _("On time, accepted, every unit there and nothing found, of those that are over and had a window."),
        Unit.SHARE,
        True,
        "otif",
        "over_window",
        "over - over_window",
        _("over without an agreed window"),
        others=_HAS_WINDOW & _OVER & ~(_CAME & _IN_WINDOW & _IN_FULL),
        left_out=_OVER & ~_HAS_WINDOW,
    ),
    "first_attempt": Definition(
        Group.SERVICE,
        _("First attempt"),
        _("Delivered at the first attempt, of those that are over."),
        Unit.SHARE,
        True,
        "first",
        "over",
        "deliveries - over",
        _("not over yet"),
        others=_OVER & ~Q(state=State.DELIVERED, attempt=1, has_failed=False),
        left_out=~_OVER,
    ),
    "discrepancy": Definition(
        Group.SERVICE,
        _("Discrepancies"),
        _("Handed over with something over, short, damaged, wrong or refused, of all handed over."),
        Unit.SHARE,
        False,
        "otherwise",
        "stated",
        "deliveries - stated",
        _("without a handover"),
        others=Q(found__gt=0),
        left_out=~_STATED,
    ),
    "damage": Definition(
        Group.SERVICE,
        _("Damage"),
        _("Handling units stated as damaged, of all units expected at a handover."),
        Unit.SHARE,
        False,
        "damaged",
        "units",
        "deliveries - stated",
        _("without a handover"),
        others=Q(damaged__gt=0),
        left_out=~_STATED,
    ),
    **{f"eta_{minutes}": _expected(minutes) for minutes in HORIZONS},
    "dwell": Definition(
        Group.TIME,
        _("Dwell"),
        _("Mean time from check-in to the signed handover."),
        Unit.MINUTES,
        False,
        "dwell_s",
        "dwelt",
        "stated - dwelt",
        _("handed over without a check-in"),
        _SECONDS,
        counted=_MEASURED,
        left_out=_STATED & _UNMEASURED,
        worth=_span("came_at", "handed_at"),
    ),
    "queue": Definition(
        Group.TIME,
        _("In the queue"),
        _("Mean time from reaching the gate until it turns to the vehicle."),
        Unit.MINUTES,
        False,
        "queue_s",
        "queued",
        "came - queued",
        _("whose arrival at the gate was not recorded"),
        _SECONDS,
        counted=_MEASURED,
        left_out=_CAME & _UNMEASURED,
        worth=_span("gate_at", Coalesce("checking_at", "came_at")),
    ),
    "check_in": Definition(
        Group.TIME,
        _("At check-in"),
        _("Mean time the check-in itself takes."),
        Unit.MINUTES,
        False,
        "check_s",
        "checked",
        "came - checked",
        _("whose check-in’s beginning was not recorded"),
        _SECONDS,
        counted=_MEASURED,
        left_out=_CAME & _UNMEASURED,
        worth=_span("checking_at", "came_at"),
    ),
    "wait": Definition(
        Group.TIME,
        _("Waiting for the dock"),
        _("Mean time from check-in to the start of unloading."),
        Unit.MINUTES,
        False,
        "wait_s",
        "waited",
        "came - waited",
        _("whose unloading was not recorded"),
        _SECONDS,
        counted=_MEASURED,
        left_out=_CAME & _UNMEASURED,
        worth=_span("came_at", "unloading_at"),
    ),
    "handling": Definition(
        Group.TIME,
        _("Unloading"),
        _("Mean time from its start to its end, or to the handover where nobody recorded the end."),
        Unit.MINUTES,
        False,
        "handling_s",
        "handled",
        "stated - handled",
        _("handed over without a recorded unloading"),
        _SECONDS,
        counted=_MEASURED,
        left_out=_STATED & _UNMEASURED,
        worth=_span("unloading_at", Coalesce("unloaded_at", "handed_at")),
    ),
    "paperwork": Definition(
        Group.TIME,
        _("Paperwork"),
        _("Mean time from the end of unloading until the vehicle leaves."),
        Unit.MINUTES,
        False,
        "paper_s",
        "papered",
        "stated - papered",
        _("whose end of unloading or leaving was not recorded"),
        _SECONDS,
        counted=_MEASURED,
        left_out=_STATED & _UNMEASURED,
        worth=_span("unloaded_at", "out_at"),
    ),
    "detained": Definition(
        Group.TIME,
        _("Detained"),
        _("Stayed beyond the site’s free time, of those whose stay is over."),
        Unit.SHARE,
        False,
        "detained",
        "stayed",
        "came - stayed",
        _("still there"),
        others=Q(worth__gt=timedelta(0)),
        left_out=_CAME & Q(out_at=None, handed_at=None),
        worth=_span(_FREE_UNTIL, _STAY_END),
    ),
    "detention": Definition(
        Group.TIME,
        _("Detention"),
        _("Time beyond free time, by all stays that are over."),
        Unit.MINUTES,
        False,
        "detention_s",
        "stayed",
        "came - stayed",
        _("still there"),
        _SECONDS,
        counted=Q(worth__gt=timedelta(0)),
        left_out=_CAME & Q(out_at=None, handed_at=None),
        worth=_span(_FREE_UNTIL, _STAY_END),
    ),
    "confirmation": Definition(
        Group.AGREEMENT,
        _("Slots agreed"),
        _("Deliveries whose negotiation ended with a slot, of those whose negotiation ended."),
        Unit.SHARE,
        True,
        "agreed",
        "negotiated - negotiating",
        "negotiating",
        _("still being negotiated"),
        others=Q(asked_at__isnull=False, agreed_at=None, is_negotiating=False),
        left_out=Q(agreed_at=None, is_negotiating=True),
    ),
    "rounds": Definition(
        Group.AGREEMENT,
        _("Rounds"),
        _("Offers until a slot was agreed, on the average."),
        Unit.COUNT,
        False,
        "rounds",
        "agreed",
        "negotiated - agreed",
        _("ended without a slot, or not yet"),
        counted=Q(agreed_at__isnull=False),
        left_out=Q(asked_at__isnull=False, agreed_at=None),
        worth=Cast("rounds", FloatField()),
    ),
    "answer": Definition(
        Group.AGREEMENT,
        _("Answer time"),
        _("Mean time from an offer to its answer, by either side."),
        Unit.MINUTES,
        False,
        "answer_s",
        "answers",
        "unanswered",
        _("without an answer"),
        _SECONDS,
        counted=Q(answers__gt=0),
        left_out=Q(unanswered__gt=0),
        worth=_ratio("answer_s", "answers", _SECONDS),
    ),
    "tender": Definition(
        Group.AGREEMENT,
        _("Tenders accepted"),
        _("Accepted by the carrier, of those that it answered or let expire; a route counts once."),
        Unit.SHARE,
        True,
        "tenders_accepted",
        "tenders_answered",
        "tenders - tenders_answered",
        _("still open or called off"),
        others=Q(tenders_answered__gt=F("tenders_accepted")),
        left_out=Q(tenders__gt=F("tenders_answered")),
    ),
    "cost": Definition(
        Group.MONEY,
        _("Cost per delivery"),
        _("What carriers charge for the routes of plans in force, by the deliveries on them."),
        Unit.CENTS,
        False,
        "cost_cents",
        "costed",
        "deliveries - costed",
        _("on no route in force"),
        left_out=Q(cost_cents=None),
        has_prices=True,
        counted=Q(cost_cents__isnull=False),
        worth=Cast("cost_cents", FloatField()),
    ),
    "cost_pallet": Definition(
        Group.MONEY,
        _("Cost per pallet"),
        _("The same by the pallets on them."),
        Unit.CENTS,
        False,
        "cost_cents",
        "cost_pallets",
        "deliveries - costed",
        _("on no route in force"),
        left_out=Q(cost_cents=None),
        has_prices=True,
        counted=Q(cost_cents__isnull=False),
        worth=_ratio("cost_cents", "pallets"),
    ),
    "cost_km": Definition(
        Group.MONEY,
        _("Cost per km"),
        _("The same by the planned kilometres of their routes."),
        Unit.CENTS,
        False,
        "cost_cents",
        "distance_m",
        "deliveries - costed",
        _("on no route in force"),
        1000.0,
        left_out=Q(cost_cents=None),
        has_prices=True,
        counted=Q(cost_cents__isnull=False),
        worth=_ratio("cost_cents", "distance_m", 1000.0),
    ),
    "empty": Definition(
        Group.MONEY,
        _("Empty kilometres"),
        _("Planned kilometres after the last stop, of all of the route."),
        Unit.SHARE,
        False,
        "empty_m",
        "distance_m",
        "deliveries - costed",
        _("on no route in force"),
        left_out=Q(cost_cents=None),
        counted=Q(cost_cents__isnull=False),
        worth=_ratio("empty_m", "distance_m"),
    ),
    "utilisation": Definition(
        Group.MONEY,
        _("Utilisation"),
        _("Pallets on a route, of those its vehicle takes."),
        Unit.SHARE,
        True,
        "cost_pallets",
        "capacity",
        "deliveries - costed",
        _("on no route in force"),
        left_out=Q(cost_cents=None),
        counted=Q(cost_cents__isnull=False),
        worth=_ratio("pallets", "capacity"),
    ),
    "stops": Definition(
        Group.MONEY,
        _("Stops per hour"),
        _("Stops of a route by its planned hours, from leaving until the return."),
        Unit.COUNT,
        True,
        "costed",
        "route_s",
        "deliveries - costed",
        _("on no route in force"),
        3600.0,
        left_out=Q(cost_cents=None),
        counted=Q(cost_cents__isnull=False),
        worth=_ratio(Value(3600.0), "route_s"),
    ),
    "response": Definition(
        Group.CARE,
        _("Response time"),
        _("Mean time from detecting an exception until a person acts on it."),
        Unit.MINUTES,
        False,
        "response_s",
        "exceptions_answered",
        "exceptions - exceptions_answered",
        _("that passed, or that nobody acted on yet"),
        _SECONDS,
        counted=Q(exceptions_answered__gt=0),
        left_out=Q(exceptions__gt=F("exceptions_answered")),
        worth=_ratio("response_s", "exceptions_answered", _SECONDS),
    ),
    "resolution": Definition(
        Group.CARE,
        _("Resolution time"),
        _("Mean time from detecting an exception until a person resolves it or its cause is gone."),
        Unit.MINUTES,
        False,
        "resolution_s",
        "exceptions_ended",
        "exceptions - exceptions_ended",
        _("still open, or over before anybody looked"),
        _SECONDS,
        left_out=Q(exceptions__gt=F("exceptions_ended")),
        counted=Q(exceptions_ended__gt=0),
        worth=_ratio("resolution_s", "exceptions_ended", _SECONDS),
    ),
    "unscanned": Definition(
        Group.QUALITY,
        _("Steps missing"),
        _("Handed over without a recorded departure, arrival or unloading, of all handed over."),
        Unit.SHARE,
        False,
        "unscanned",
        "stated",
        "deliveries - stated",
        _("without a handover"),
        others=Q(is_unscanned=True),
        left_out=~_STATED,
    ),
    "incomplete": Definition(
        Group.QUALITY,
        _("Receipts typed only"),
        _("Handed over without a drawn signature or a code of whoever received it, of all handed over."),
        Unit.SHARE,
        False,
        "incomplete",
        "stated",
        "deliveries - stated",
        _("without a handover"),
        others=Q(is_incomplete=True),
        left_out=~_STATED,
    ),
    "late_synced": Definition(
        Group.QUALITY,
        _("Late synchronisation"),
        _("Handovers that reached the server over 15 minutes after they were made, of all."),
        Unit.SHARE,
        False,
        "late_synced",
        "stated",
        "deliveries - stated",
        _("without a handover"),
        others=Q(is_late_synced=True),
        left_out=~_STATED,
    ),
    "address": Definition(
        Group.QUALITY,
        _("Invalid addresses"),
        _("An attempt failed because of its address, of those that are over."),
        Unit.SHARE,
        False,
        "misaddressed",
        "over",
        "deliveries - over",
        _("not over yet"),
        others=_MISADDRESSED,
        left_out=~_OVER,
    ),
    "notification": Definition(
        Group.QUALITY,
        _("Mails handed over"),
        _(
            "Mails about deliveries to people of this organisation that the mail server took within an hour,"
            " of all that were due; whether a mailbox kept them is not known."
        ),
        Unit.SHARE,
        True,
        "mails_taken",
        "mails",
        "mails_waiting",
        _("mails that still have time"),
        others=Q(mails__gt=F("mails_taken")),
        left_out=Q(mails_waiting__gt=0),
    ),
}

#: Figures that are asked for and cannot be made of what is on record here, with the reason.
NOT_COUNTED: tuple[tuple[Words, Words], ...] = (
    (
        _("Dock utilisation"),
        _("A shipper sees when a dock is busy, not for whom; the site’s own figures at the hub have it."),
    ),
)
