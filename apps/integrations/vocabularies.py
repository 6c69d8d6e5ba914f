"""What there can be, and what there is, of each of EPCIS's top-level resources, in pages."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.core import signing
from django.db.models import QuerySet

from apps.consignments.models import HandlingUnit
from apps.custody import facts
from apps.custody.events import EVENT_TYPES
from apps.custody.models import ConsignmentSequence, CustodyEvent
from apps.custody.renditions import epcis
from apps.custody.services.scoping import Details
from apps.facilities.models import Site
from apps.integrations.errors import QueryParameterWrong
from apps.integrations.querying import LOOKED_AT, MOST_PER_PAGE, PER_PAGE, TOKEN_LIVES, number_of

SALT = "integrations.epcis.values"
#: Those whose values the schema of custody events fixes.
CLOSED = ("eventTypes", "bizSteps", "dispositions")


@dataclass(frozen=True)
class Values:
    """One page of values in their order, and the token of the page after it; empty where it is the last."""

    members: list[str]
    next_token: str


def vocabulary(name: str) -> list[str]:
    """The values of a closed vocabulary that events of this record can have."""
    told = [each.epcis for each in EVENT_TYPES.values() if each.epcis]
    words = {
        "eventTypes": {"ObjectEvent", *(each.event for each in told)},
        "bizSteps": {each.biz_step for each in told if each.biz_step},
        "dispositions": {each.disposition for each in told if each.disposition},
    }
    return sorted(words[name])


def values_of(
    resource: str, record: QuerySet[CustodyEvent], log: str, *, per_page: str = "", token: str = ""
) -> Values:
    """A page of a resource's values in the events of ``record``.

    Raises:
        QueryParameterWrong: ``per_page`` is no number, or ``token`` none of this resource.
    """
    count = min(number_of("perPage", per_page) if per_page else PER_PAGE, MOST_PER_PAGE)
    after = _after(resource, token) if token else ""
    found = _from(resource, record, log, after, count + 1)
    more = len(found) > count
    page = found[:count]
    return Values(page, signing.dumps([resource, page[-1]], salt=SALT) if more else "")


def _from(resource: str, record: QuerySet[CustodyEvent], log: str, after: str, count: int) -> list[str]:
    """At most ``count`` values behind ``after``."""
    if resource == "epcs":
        numbers = ConsignmentSequence.objects.filter(event__in=record.order_by().values("pk"))
        units = HandlingUnit.objects.filter(consignment__number__in=numbers.values("consignment"))
        behind = units.filter(sscc__gt=after.rpartition("/")[2]).order_by("sscc")
        return [epcis.sscc_uri(sscc) for sscc in behind.values_list("sscc", flat=True)[:count]]
    values: Iterable[str]
    if resource in CLOSED:
        values = vocabulary(resource)
    elif resource == "bizLocations":
        values = _places(record, log)
    else:
        values = _positions(record)
    return sorted(each for each in values if each > after)[:count]


def _places(record: QuerySet[CustodyEvent], log: str) -> set[str]:
    sites = Site.objects.filter(pk__in=record.order_by().values("site_id"))
    return {_place(site, log) for site in sites}


def _place(site: Site, log: str) -> str:
    """A site as events name it."""
    gln = facts.gs1_key("gln", site.gln)
    return epcis.location_uri(gln) if gln else epcis.own_uri(log, "site", facts.clean_text(site.name))


def _positions(record: QuerySet[CustodyEvent]) -> set[str]:
    """Where devices said they were, in the newest events that say so."""
    said = record.annotate(said=Details("canonical")).filter(said__has_key="position").order_by("-ordinal")
    return {epcis.geo_uri(each["position"]) for each in said.values_list("said", flat=True)[:LOOKED_AT]}


def _after(resource: str, token: str) -> str:
    try:
        of, value = signing.loads(token, salt=SALT, max_age=TOKEN_LIVES)
    except signing.BadSignature as error:
        raise QueryParameterWrong(
            "nextPageToken is none of ours, or too old; ask again without it."
        ) from error
    if of != resource:
        raise QueryParameterWrong("nextPageToken belongs to another resource.")
    return str(value)
