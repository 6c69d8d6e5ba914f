"""Risks that were told become exceptions: what comes within a day and goes wrong more likely than not."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from apps.deliveries.states import State
from apps.figures.models import Risk
from apps.insights.finding import Finding, looks_from_above
from apps.insights.kinds import Kind, Severity
from apps.insights.models import DeliveryException

#: It is an exception from here on, until it is less likely than the second: between them it stays as it is.
LIKELY, NO_LONGER = 0.5, 0.35
VERY_LIKELY = 0.75
#: Earlier the plan changes anyway; and a risk that was told longer ago is no longer known.
AHEAD, KNOWN_FOR = timedelta(hours=24), timedelta(hours=1)
#: What is on the list by itself is no news as a risk.
SAID_ALREADY = frozenset({"papers", "no_carrier"})


@looks_from_above
def likely(now: datetime) -> Iterator[Finding]:
    """Deliveries at risk, unless what raises it most is an exception itself; one trouble is one group."""
    told = Risk.objects.filter(
        told_at__gt=now - KNOWN_FOR,
        told_at__lte=now,
        probability__gte=NO_LONGER,
        delivery__state__in=(State.OPEN, State.LOADED, State.IN_TRANSIT),
        delivery__facts__slot_from__gt=now,
        delivery__facts__slot_from__lte=now + AHEAD,
    )
    rows = list(told.select_related("delivery__facts"))
    standing = set(
        DeliveryException.objects.filter(
            kind=Kind.AT_RISK, ended_at=None, delivery__in=[row.delivery_id for row in rows]
        ).values_list("delivery_id", flat=True)
    )
    for row in rows:
        reasons = [str(each["feature"]) for each in row.reasons]
        is_likely = row.probability >= LIKELY or row.delivery_id in standing
        if not is_likely or not reasons or reasons[0] in SAID_ALREADY:
            continue
        begins = row.delivery.facts.slot_from
        assert begins is not None  # asked for above
        yield Finding(
            row.delivery_id,
            Kind.AT_RISK,
            Severity.WARNING if row.probability >= VERY_LIKELY else Severity.NOTICE,
            cause_at=max(row.told_at, begins - AHEAD),
            harm_at=begins,
            facts={
                "percent": round(100 * row.probability),
                "by": "model" if row.model_id else "rules",
                "reasons": reasons,
            },
            group=_group(row, reasons[0]),
        )


def _group(row: Risk, reason: str) -> str:
    """Deliveries of one day whose risk is most of all one carrier's, or one site's."""
    facts = row.delivery.facts
    whose = {"carrier": facts.carrier_id, "site": facts.site_id, "dock": facts.dock_id}.get(reason)
    return f"risk {whose} {facts.day}" if whose else ""
