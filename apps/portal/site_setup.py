"""The steps of a site's set-up: what each asks for, and how what was typed is put into place."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.actors import Actor
from apps.accounts.models import Role
from apps.appointments.services import require_same_clock
from apps.core.errors import DomainError
from apps.facilities import formsets
from apps.facilities.forms import BookingForm, CopyForm, PlaceForm
from apps.facilities.formsets import SiteRows, rows
from apps.facilities.models import Site
from apps.facilities.services import copy_rules

Part = Any  # a form or rows of forms: both have is_valid(), errors and apply(site)
Apply = Callable[[Site], None]


class RowsClash(DomainError):
    """Rows of one page exclude each other; nothing has changed."""

    code = "rows-clash"
    status = 422


@dataclass(frozen=True)
class Step:
    """One page of the set-up: its name in the address, its heading, what it is for."""

    key: str
    label: Any
    needs: Any
    rows: type[SiteRows] | None = None
    row_label: Any = ""


STEPS = (
    Step("place", gettext_lazy("Place"), gettext_lazy("Where it is, how to get in, whom to call.")),
    Step(
        "docks",
        gettext_lazy("Docks"),
        gettext_lazy("Where vehicles are unloaded, how many at once, in which order docks are filled."),
        formsets.DockRows,
        gettext_lazy("Dock"),
    ),
    Step(
        "hours",
        gettext_lazy("Hours"),
        gettext_lazy("When deliveries are received. “Until” at or before “from” runs over midnight."),
        formsets.WindowRows,
        gettext_lazy("Hours"),
    ),
    Step(
        "seasons",
        gettext_lazy("Seasons"),
        gettext_lazy("Days with hours and rules of their own; name the season, then choose it with these."),
        formsets.SeasonRows,
        gettext_lazy("Season"),
    ),
    Step(
        "closures",
        gettext_lazy("Closures"),
        gettext_lazy("When nothing is received: the site, one dock, or what a piece of equipment is for."),
        formsets.ClosureRows,
        gettext_lazy("Closure"),
    ),
    Step(
        "rules",
        gettext_lazy("Rules"),
        gettext_lazy("What a dock, or every dock, takes of loads and vehicles."),
        formsets.RuleRows,
        gettext_lazy("Rule"),
    ),
    Step(
        "times",
        gettext_lazy("Handling times"),
        gettext_lazy("How long a load keeps a dock: a fixed time, and more per pallet and order line."),
        formsets.HandlingRows,
        gettext_lazy("Handling time"),
    ),
    Step(
        "booking",
        gettext_lazy("Booking"),
        gettext_lazy("How early and late partners book, how long they wait, how much comes at once."),
    ),
    Step(
        "reserved",
        gettext_lazy("Reserved time"),
        gettext_lazy("Dock time kept for one partner until it is free for all. Others don’t learn for whom."),
        formsets.ReservationRows,
        gettext_lazy("Reserved time"),
    ),
    Step(
        "papers",
        gettext_lazy("Papers"),
        gettext_lazy("Which documents are demanded, of which loads, by when and from whom."),
        formsets.PaperRows,
        gettext_lazy("Paper"),
    ),
    Step(
        "copy",
        gettext_lazy("Copy a site"),
        gettext_lazy("Take over what holds at another of your sites; docks are matched by their names."),
    ),
)
BY_KEY = {step.key: step for step in STEPS}


def after(step: Step) -> Step | None:
    """The step that comes next; None after the last."""
    at = STEPS.index(step) + 1
    return STEPS[at] if at < len(STEPS) else None


def sources(actor: Actor, site: Site) -> Any:
    """The sites whose rules may be copied to this one: others that the actor manages."""
    managed = [recipient for recipient, role in actor.recipient_roles if role == Role.RECEIVING_MANAGER]
    return Site.objects.filter(recipient_id__in=managed).exclude(pk=site.pk).order_by("name")


def read_part(
    step: Step, site: Site, data: QueryDict | None, *, actor: Actor, now: datetime, spare: int = 1
) -> Part:
    """The step's form or rows, bound where there is ``data``."""
    if step.rows is not None:
        more = {"now": now} if step.rows is formsets.ClosureRows else {}
        return rows(step.rows, data, site=site, spare=spare, **more)
    if step.key == "copy":
        return CopyForm(data, sources=sources(actor, site))
    return (PlaceForm if step.key == "place" else BookingForm)(data, instance=Site.objects.get(pk=site.pk))


def apply_of(step: Step, part: Part, *, actor: Actor, now: datetime, left_out: list[str]) -> Apply:
    """What puts a valid part into place on the locked site; names that a copy left out go to ``left_out``."""

    def copy(site: Site) -> None:
        source: UUID = part.cleaned_data["source"].pk
        chosen = set(part.cleaned_data["parts"])
        left_out.extend(copy_rules(actor=actor, source_id=source, target=site, parts=chosen))

    def place(site: Site) -> None:
        require_same_clock(site, part.cleaned_data["time_zone"], now=now)
        part.apply(site)

    def written(site: Site) -> None:
        try:
            {"copy": copy, "place": place}.get(step.key, part.apply)(site)
        except IntegrityError as error:
            raise RowsClash(
                _("Some of these rows stand in each other’s way, as when two names are swapped; ")
                + _("save one of the changes first.")
            ) from error

    return written
