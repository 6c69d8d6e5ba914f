"""Why a slot is proposed first, and why none is: the ranking and the rules in the way, in words."""

from collections import Counter
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.appointments.ranking import Ranked, Wish
from apps.appointments.search import SlotSearch
from apps.facilities.models import Site
from apps.portal.presenters.plan import dearer
from apps.portal.presenters.times import shift_label

#: Of an hour's dock time: less is a quiet hour, more a busy one.
QUIET, BUSY = 0.25, 0.75


def fit(ranked: Ranked, wish: Wish) -> str:
    """“as asked, quiet hour, the plan ZAR 120.00 dearer”."""
    parts = []
    if wish.earliest:
        away = shift_label(ranked.away).lstrip("+")
        parts.append(_("%(away)s off what was asked") % {"away": away} if ranked.away else _("as asked"))
    if ranked.busy < QUIET:
        parts.append(_("quiet hour"))
    elif ranked.busy > BUSY:
        parts.append(_("busy hour"))
    if ranked.is_off_route:
        parts.append(_("no vehicle of the plan can come then"))
    elif ranked.route is not None and ranked.route.cents is not None:
        cost = dearer(ranked.route.cents, ranked.route.currency)
        parts.append(_("the plan %(cost)s") % {"cost": cost})
    return ", ".join(parts)


def why_nothing(search: SlotSearch, site: Site) -> dict[str, Any] | None:
    """Why no day that was searched has a start, a sentence for each rule in the way; None where one has."""
    if any(count.starts for count in search.per_day):
        return None
    if not search.dock_names:
        return {"reasons": [_("%(site)s has no dock in use.") % {"site": site.name}]}
    if not search.docks:
        refused = (sentence for sentences in search.refusals.values() for sentence in sentences)
        return {"reasons": list(dict.fromkeys(refused))}
    whys = Counter(count.why for count in search.per_day if count.why)
    return {"reasons": [_on_days(why, days) for why, days in whys.items()]}


def _on_days(why: str, days: int) -> str:
    return ngettext("%(why)s (%(n)s day)", "%(why)s (%(n)s days)", days) % {"why": why, "n": days}
