"""Why deliveries went wrong and what it cost: by cause, along the way, by the shipper's rates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import (
    Count,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce, Greatest
from django.db.models.lookups import GreaterThan

from apps.deliveries.states import State
from apps.facilities.models import TemperatureClass
from apps.figures.causes import STEP_OF, Cause, Step
from apps.figures.models import CauseOverride, FailureRates, VisitFacts
from apps.figures.reading import Choice

LATE = Q(came_at__gte=F("window_to"))
AGAIN = Q(has_failed=True) | Q(state=State.REFUSED)
SPOILED = Q(state=State.REFUSED) & ~Q(temperature_class=TemperatureClass.AMBIENT)
_ZERO = timedelta(0)
_FREE_UNTIL = ExpressionWrapper(
    Greatest("came_at", "slot_from") + F("free_minutes") * Value(timedelta(minutes=1)),
    output_field=DateTimeField(),
)
_ENDED = Coalesce("out_at", "handed_at")
_DETENTION = ExpressionWrapper(_ENDED - _FREE_UNTIL, output_field=DurationField())
_DETAINED = Q(GreaterThan(_ENDED, _FREE_UNTIL))


@dataclass(frozen=True)
class Harm:
    """What some deliveries came to: how many, further attempts, late ones, spoiled pallets, detention."""

    deliveries: int
    attempts: int
    late: int
    spoiled: int
    detention: timedelta

    def __add__(self, other: "Harm") -> "Harm":
        return Harm(
            self.deliveries + other.deliveries,
            self.attempts + other.attempts,
            self.late + other.late,
            self.spoiled + other.spoiled,
            self.detention + other.detention,
        )


NOTHING = Harm(0, 0, 0, 0, _ZERO)


@dataclass(frozen=True)
class Cost:
    """Cents by what they are for; ``unknown`` names what happened and has no rate."""

    parts: Mapping[str, int]
    unknown: tuple[str, ...] = ()

    @property
    def cents(self) -> int:
        return sum(self.parts.values())


@dataclass(frozen=True)
class Blamed:
    """One cause with the harm of the deliveries that went wrong by it."""

    cause: Cause
    harm: Harm

    @property
    def step(self) -> Step:
        return STEP_OF[self.cause]


@dataclass(frozen=True)
class Chain:
    """Deliveries that went wrong at one step between one site, dock and carrier; names, empty where none."""

    site: str
    dock: str
    carrier: str
    step: Step
    deliveries: int


@dataclass(frozen=True)
class Change:
    """A change of rule and what it would have prevented of what happened: a code, numbers and harm."""

    code: str
    prevented: Harm
    details: Mapping[str, Any] = field(default_factory=dict)


def rates_on(day: date) -> FailureRates | None:
    """What failure costs on a day; None where the shipper has said nothing."""
    return FailureRates.objects.filter(valid_from__lte=day).order_by("-valid_from").first()


def cost_of(harm: Harm, rates: FailureRates | None) -> Cost:
    """The harm in money. What has no rate is not counted and named; without rates nothing is."""
    happened = {
        "redelivery": float(harm.attempts),
        "detention_hour": harm.detention / timedelta(hours=1),
        "late_penalty": float(harm.late),
        "spoilage_pallet": float(harm.spoiled),
    }
    priced: dict[str, int] = {
        name: rate for name in happened if (rate := getattr(rates, name, None)) is not None
    }
    return Cost(
        {name: round(happened[name] * rate) for name, rate in priced.items()},
        tuple(name for name, much in happened.items() if much and name not in priced),
    )


def caused(choice: Choice) -> QuerySet[Any]:
    """What went wrong, each with its ``because``: what a person said last, or what the record says."""
    last = CauseOverride.objects.filter(delivery=OuterRef("pk")).order_by("-id").values("cause")[:1]
    rows = VisitFacts.objects.filter(**choice.filters).exclude(cause="")
    return rows.annotate(because=Coalesce(Subquery(last), "cause"))


def blamed(choice: Choice) -> list[Blamed]:
    """Causes by how many deliveries they harmed, the most first; one query."""
    rows = _harms(caused(choice).values("because").order_by())
    told = [Blamed(Cause(row["because"]), _harm(row)) for row in rows]
    return sorted(told, key=lambda each: -each.harm.deliveries)


def all_detention(choice: Choice) -> timedelta:
    """Time beyond free time of every delivery of a choice, whether it went wrong or not."""
    rows = VisitFacts.objects.filter(**choice.filters)
    return rows.aggregate(time=Sum(_DETENTION, filter=_DETAINED))["time"] or _ZERO


def chains(choice: Choice, *, most: int = 20) -> list[Chain]:
    """Where on the way deliveries went wrong, by site, dock, carrier and step, the worst first; one query."""
    rows = (
        caused(choice)
        .values("site__name", "dock__name", "carrier__name", "because")
        .order_by()
        .annotate(n=Count("pk"))
    )
    found: dict[tuple[str, str, str, Step], int] = {}
    for row in rows:
        where = (row["site__name"], row["dock__name"] or "", row["carrier__name"] or "")
        key = (*where, STEP_OF[Cause(row["because"])])
        found[key] = found.get(key, 0) + row["n"]
    told = [Chain(*key, deliveries=n) for key, n in found.items()]
    return sorted(told, key=lambda each: (-each.deliveries, each.site, each.dock))[:most]


def site_by_step(choice: Choice) -> dict[str, dict[Step, int]]:
    """How many deliveries went wrong at which step, by site; one query."""
    found: dict[str, dict[Step, int]] = {}
    rows = caused(choice).values("site__name", "because").order_by("site__name").annotate(n=Count("pk"))
    for row in rows:
        steps = found.setdefault(row["site__name"], dict.fromkeys(Step, 0))
        steps[STEP_OF[Cause(row["because"])]] += row["n"]
    return found


#: By how much earlier vehicles leave, and by how much longer a site waits, in minutes.
EARLIER, GRACE = (15, 30), (15, 30)
_ON_THE_WAY = (Cause.LATE_DEPARTURE, Cause.ROAD, Cause.STOP_BEFORE, Cause.PLAN)


def changes(choice: Choice) -> list[Change]:
    """What changes of rules would have prevented of what happened, each alone, on these very deliveries."""
    rows = caused(choice).annotate(
        late_by=ExpressionWrapper(F("came_at") - F("window_to"), output_field=DurationField())
    )
    told = []
    for minutes in EARLIER:
        in_time = rows.filter(LATE, because__in=_ON_THE_WAY, late_by__lt=timedelta(minutes=minutes))
        told.append(Change("leave_earlier", _of(in_time), {"minutes": minutes}))
    for minutes in GRACE:
        in_time = rows.filter(LATE, late_by__lt=timedelta(minutes=minutes))
        told.append(Change("longer_grace", _of(in_time), {"minutes": minutes}))
    told.append(Change("papers_at_confirmation", _of(rows.filter(because=Cause.PAPERS))))
    told += _worst_carrier(choice, rows)
    return sorted(told, key=lambda each: -each.prevented.deliveries)


def _worst_carrier(choice: Choice, rows: QuerySet[Any]) -> list[Change]:
    """The carrier whose deliveries went wrong most often: what is beyond the others' share."""
    every = VisitFacts.objects.filter(**choice.filters, carrier__isnull=False)
    counts = (
        every.values("carrier_id", "carrier__name")
        .order_by()
        .annotate(n=Count("pk"), wrong=Count("pk", filter=~Q(cause="")))
    )
    told = [each for each in counts if each["n"] >= 20]
    if len(told) < 2:
        return []
    worst = max(told, key=lambda each: each["wrong"] / each["n"])
    others = [each for each in told if each is not worst]
    usual = sum(each["wrong"] for each in others) / sum(each["n"] for each in others)
    beyond = worst["wrong"] - usual * worst["n"]
    if beyond < 1:
        return []
    harm = _of(rows.filter(carrier_id=worst["carrier_id"]))
    part = beyond / worst["wrong"]
    prevented = Harm(
        round(harm.deliveries * part),
        round(harm.attempts * part),
        round(harm.late * part),
        round(harm.spoiled * part),
        harm.detention * part,
    )
    return [Change("other_carrier", prevented, {"carrier": worst["carrier__name"]})]


def _harms(rows: Any) -> Any:
    return rows.annotate(
        deliveries=Count("pk"),
        attempts=Count("pk", filter=AGAIN),
        late=Count("pk", filter=LATE),
        damage=Coalesce(Sum("damaged"), 0),
        refused=Coalesce(Sum("pallets", filter=SPOILED), 0),
        detention=Sum(_DETENTION, filter=_DETAINED),
    )


def _of(rows: QuerySet[Any]) -> Harm:
    told = list(_harms(rows.order_by().annotate(one=Value(1)).values("one")))
    return _harm(told[0]) if told else NOTHING


def _harm(row: Mapping[str, Any]) -> Harm:
    return Harm(
        row["deliveries"],
        row["attempts"],
        row["late"],
        row["damage"] + row["refused"],
        row["detention"] or _ZERO,
    )


def pareto(rows: Sequence[Blamed]) -> list[tuple[Blamed, float]]:
    """Each cause with the share of deliveries that it and those before it harmed."""
    whole = sum(each.harm.deliveries for each in rows) or 1
    told, so_far = [], 0
    for each in rows:
        so_far += each.harm.deliveries
        told.append((each, so_far / whole))
    return told
