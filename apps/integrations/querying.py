"""The simple event query of EPCIS 2.0 over the custody record: parameters, matching, pages.

The database narrows by time, type and goods; what is left is told in EPCIS and matched there, so that an
answer means what the standard says of the events as they are given. A page looks at a bounded number of
events, so it may hold fewer than were asked for, or none, and still lead to a next one.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core import signing
from django.db.models import Q, QuerySet

from apps.consignments.models import HandlingUnit
from apps.custody.events import EVENT_TYPES
from apps.custody.models import CustodyEvent
from apps.custody.renditions import epcis
from apps.custody.selectors import event_as_recorded, events_of_consignments, log_origin
from apps.custody.services.scoping import received_events
from apps.integrations.errors import EventRefused, QueryParameterWrong, QueryTooLarge
from apps.integrations.models import ApiKey, CapturedEvent
from apps.integrations.reading import CBV, sscc_of
from apps.tenancy.doorway import current_shipper

PER_PAGE, MOST_PER_PAGE = 30, 1000
LOOKED_AT = 5000  # events of the record that one page looks at
CHUNK = 500
TOKEN_LIVES = timedelta(hours=24)
SALT = "integrations.epcis.page"

#: Where a page ended: the time that it is ordered by, or nothing, and the event's ordinal.
Position = tuple[str, int]
Told = dict[str, Any]
Match = Callable[[Told, list[str]], bool]


def _word(name: str) -> Match:
    return lambda told, wanted: told.get(name) in wanted


def _place(name: str) -> Match:
    return lambda told, wanted: (told.get(name) or {}).get("id") in wanted


def _any_epc(*names: str) -> Match:
    def match(told: Told, wanted: list[str]) -> bool:
        named = {each for name in names for each in _listed(told.get(name))}
        return bool(named & set(wanted))

    return match


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value] if value else []


def _transaction(told: Told, wanted: list[str]) -> bool:
    return any(each["bizTransaction"] in wanted for each in told.get("bizTransactionList", ()))


#: Parameters that take a list of values, of which one has to match (EPCIS 2.0, section 8.2.7.1.1).
MATCHES: Mapping[str, Match] = {
    "eventType": _word("type"),
    "EQ_action": _word("action"),
    "EQ_bizStep": _word("bizStep"),
    "EQ_disposition": _word("disposition"),
    "EQ_eventID": _word("eventID"),
    "EQ_readPoint": _place("readPoint"),
    "EQ_bizLocation": _place("bizLocation"),
    "EQ_bizTransaction": _transaction,
    "MATCH_epc": _any_epc("epcList", "childEPCs"),
    "MATCH_parentID": _any_epc("parentID"),
    "MATCH_anyEPC": _any_epc("epcList", "childEPCs", "parentID"),
}
TIMES = ("GE_eventTime", "LT_eventTime", "GE_recordTime", "LT_recordTime")
NUMBERS = ("perPage", "eventCountLimit", "maxEventCount")
OTHERS = ("orderBy", "orderDirection", "EXISTS_errorDeclaration", "nextPageToken")
COLUMNS = {"eventTime": "event_time", "recordTime": "recorded_at"}


@dataclass(frozen=True)
class Query:
    """What is asked for; ``matches`` hold the values by parameter, of which one has to match."""

    matches: Mapping[str, list[str]] = field(default_factory=dict)
    times: Mapping[str, datetime] = field(default_factory=dict)
    order_by: str = ""
    descending: bool = True
    per_page: int = PER_PAGE
    count_limit: int | None = None
    most: int | None = None
    errors: bool | None = None
    token: str = ""

    @property
    def fingerprint(self) -> str:
        """What a page token is good for: this query and no other."""
        told = [sorted(self.matches.items()), sorted((k, v.isoformat()) for k, v in self.times.items())]
        told += [self.order_by, self.descending, self.count_limit, self.most, self.errors]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Page:
    """EPCIS events, and the token of the page after this one; empty where this is the last."""

    events: list[Told]
    next_token: str


def query_of(parameters: Mapping[str, list[str]]) -> Query:
    """The query that HTTP parameters ask; values of one parameter are separated by commas or repeated.

    Raises:
        QueryParameterWrong: a parameter is unknown or has no such value.
    """
    known = {*MATCHES, *TIMES, *NUMBERS, *OTHERS}
    if unknown := sorted(set(parameters) - known):
        raise QueryParameterWrong(f"{unknown[0]} is not supported; known are {', '.join(sorted(known))}.")
    single = {name: values[-1] for name, values in parameters.items()}
    numbers = {name: number_of(name, single[name]) for name in NUMBERS if name in single}
    if "eventCountLimit" in numbers and "maxEventCount" in numbers:
        raise QueryParameterWrong("eventCountLimit and maxEventCount exclude each other.")
    order_by = single.get("orderBy", "")
    if order_by and order_by not in COLUMNS:
        raise QueryParameterWrong(f"orderBy is {' or '.join(COLUMNS)}.")
    direction = single.get("orderDirection", "DESC")
    if direction not in ("ASC", "DESC"):
        raise QueryParameterWrong("orderDirection is ASC or DESC.")
    errors = single.get("EXISTS_errorDeclaration")
    if errors not in (None, "true", "false"):
        raise QueryParameterWrong("EXISTS_errorDeclaration is true or false.")
    return Query(
        matches={name: _values(name, parameters[name]) for name in MATCHES if name in parameters},
        times={name: _time(name, single[name]) for name in TIMES if name in single},
        order_by=order_by,
        descending=direction == "DESC",
        per_page=min(numbers.get("perPage", PER_PAGE), MOST_PER_PAGE),
        count_limit=numbers.get("eventCountLimit"),
        most=numbers.get("maxEventCount"),
        errors=None if errors is None else errors == "true",
        token=single.get("nextPageToken", ""),
    )


def events_open_to(key: ApiKey) -> QuerySet[CustodyEvent]:
    """What a key may ask for: the shipper's whole record, or what the key's recipient received."""
    return received_events(key.recipient_id) if key.recipient_id else CustodyEvent.objects.all()


def page_of(query: Query, record: QuerySet[CustodyEvent]) -> Page:
    """One page of the answer from the events of ``record``, asked in the shipper's schema.

    Raises:
        QueryParameterWrong: the page token is of another query or too old.
        QueryTooLarge: more match than ``maxEventCount``.
    """
    at, given = _read_token(query)
    left = min(query.most or query.per_page, MOST_PER_PAGE)
    if query.count_limit is not None:
        left = min(left, query.count_limit - given)
    events: list[Told] = []
    for looked, row in enumerate(_rows(query, record, at), start=1):
        found = [each for each in told_of(row) if _fits(each, query)]
        if found and query.most is not None and len(events) + len(found) > query.most:
            raise QueryTooLarge(f"More than {query.most} events match.")
        if events and len(events) + len(found) > left:
            return Page(events, _token(query, at, given + len(events)))
        events += found
        at = _position(row, query)
        if query.count_limit is not None and given + len(events) >= query.count_limit:
            return Page(events[: query.count_limit - given], "")
        if looked >= LOOKED_AT:
            if query.most is not None:
                raise QueryTooLarge("Too many events would have to be looked at; narrow the times.")
            return Page(events, _token(query, at, given + len(events)))
    return Page(events, "")


def found_between(query: Query, record: QuerySet[CustodyEvent], start: int, end: int) -> list[Told]:
    """The events of a stretch of the log that match, in its order: places ``start`` up to before ``end``."""
    rows = _narrowed(query, record).filter(leaf__index__gte=start, leaf__index__lt=end)
    rows = rows.select_related("leaf", "captured_as").order_by("leaf__index")
    return [each for row in rows for each in told_of(row) if _fits(each, query)]


def told_of(row: CustodyEvent) -> list[Told]:
    """A custody event in EPCIS, under the id that it was captured with where it was."""
    converter = epcis.Converter(log_origin(current_shipper()), event_as_recorded)
    if row.type == "unloaded" and row.delivery_id:
        earlier = CustodyEvent.objects.filter(
            delivery_id=row.delivery_id, type__in=["loaded", "departed", "arrived"], ordinal__lt=row.ordinal
        )
        for each in earlier.order_by("ordinal"):
            converter.remember(json.loads(bytes(each.canonical)))
    index = row.leaf.index if hasattr(row, "leaf") else None
    told = converter.convert(json.loads(bytes(row.canonical)), index=index, leaf_hash=bytes(row.leaf_hash))
    if hasattr(row, "captured_as") and len(told) == 1:
        told[0]["eventID"] = row.captured_as.epcis_id
    return told


def event_by_id(epcis_id: str, record: QuerySet[CustodyEvent]) -> list[Told]:
    """The event of ``record`` with this EPCIS id, and again for each time it was declared wrong."""
    told = [each for row in _with_id([epcis_id], record) for each in told_of(row)]
    return [each for each in told if each["eventID"] == epcis_id]


def _rows(query: Query, record: QuerySet[CustodyEvent], at: Position | None) -> Iterator[CustodyEvent]:
    """The events of the record that may match, from behind ``at`` on, in chunks."""
    rows = _narrowed(query, record).select_related("leaf", "captured_as")
    way = "-" if query.descending else ""
    columns = [COLUMNS[query.order_by], "ordinal"] if query.order_by else ["ordinal"]
    rows = rows.order_by(*(f"{way}{column}" for column in columns))
    while True:
        chunk = list((rows.filter(_behind(query, at)) if at else rows)[:CHUNK])
        yield from chunk
        if len(chunk) < CHUNK:
            return
        at = _position(chunk[-1], query)


def _position(row: CustodyEvent, query: Query) -> Position:
    moment = getattr(row, COLUMNS[query.order_by]).isoformat() if query.order_by else ""
    return moment, row.ordinal


def _behind(query: Query, at: Position) -> Q:
    than = "lt" if query.descending else "gt"
    beyond = Q(**{f"ordinal__{than}": at[1]})
    if not query.order_by:
        return beyond
    column, moment = COLUMNS[query.order_by], datetime.fromisoformat(at[0])
    return Q(**{f"{column}__{than}": moment}) | Q(**{column: moment}) & beyond


def _narrowed(query: Query, record: QuerySet[CustodyEvent]) -> QuerySet[CustodyEvent]:
    """What the database can tell apart without the events' words."""
    rows = record.filter(type__in=_types(query))
    if ids := query.matches.get("EQ_eventID"):
        rows = rows.filter(pk__in=[row.pk for row in _with_id(ids, record)])
    for name in ("MATCH_epc", "MATCH_anyEPC"):
        if name in query.matches:
            ssccs = _ssccs(query.matches[name])
            if name == "MATCH_anyEPC" and len(ssccs) < len(query.matches[name]):
                continue  # a vehicle, too
            units = HandlingUnit.objects.filter(sscc__in=ssccs).values_list("consignment__number", flat=True)
            rows = rows.filter(pk__in=events_of_consignments(units).order_by().values("pk"))
    lookups = {
        "GE_eventTime": "event_time__gte",
        "LT_eventTime": "event_time__lt",
        "GE_recordTime": "recorded_at__gte",
        "LT_recordTime": "recorded_at__lt",
    }
    return rows.filter(**{lookups[name]: value for name, value in query.times.items()})


def _types(query: Query) -> list[str]:
    """The custody types that can be told with these steps and dispositions; a correction tells another's."""
    steps, dispositions = query.matches.get("EQ_bizStep"), query.matches.get("EQ_disposition")
    return [
        name
        for name, each in EVENT_TYPES.items()
        if each.epcis
        and (
            name == "correction"
            or (
                (not steps or each.epcis.biz_step in steps)
                and (not dispositions or each.epcis.disposition in dispositions)
            )
        )
    ]


def _with_id(ids: Iterable[str], record: QuerySet[CustodyEvent]) -> list[CustodyEvent]:
    """The events with one of these EPCIS ids, those packed with several units, and what corrects them."""
    ids = list(ids)
    own = [UUID(each[9:]) for each in ids if each.startswith("urn:uuid:") and _is_uuid(each[9:])]
    captured = CapturedEvent.objects.filter(epcis_id__in=ids).values_list("event", flat=True)
    named = {*own, *captured}
    rows = record.select_related("leaf", "captured_as")
    found = (
        list(rows.filter(Q(pk__in=named) | Q(type="packed")).order_by("ordinal"))
        if own
        else list(rows.filter(pk__in=named))
    )
    found = [row for row in found if row.pk in named or any(e["eventID"] in ids for e in told_of(row))]
    corrections = rows.filter(type="correction", pk__in=_corrections_of(found))
    return [*found, *corrections]


def _corrections_of(found: list[CustodyEvent]) -> list[UUID]:
    consignments = {
        each["number"] for row in found for each in json.loads(bytes(row.canonical))["consignments"]
    }
    wrong = {str(row.pk) for row in found}
    rows = events_of_consignments(consignments).filter(type="correction")
    return [row.pk for row in rows if json.loads(bytes(row.canonical))["details"]["corrects"] in wrong]


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _fits(told: Told, query: Query) -> bool:
    if query.errors is not None and ("errorDeclaration" in told) != query.errors:
        return False
    return all(MATCHES[name](told, wanted) for name, wanted in query.matches.items())


def _ssccs(uris: Iterable[str]) -> list[str]:
    found = []
    for uri in uris:
        try:
            found.append(sscc_of(uri))
        except EventRefused:
            continue
    return found


def _values(name: str, given: list[str]) -> list[str]:
    values = [value for each in given for value in each.split(",") if value]
    if not values:
        raise QueryParameterWrong(f"{name} has no value.")
    if name == "EQ_bizStep":
        return [CBV.sub("", value) for value in values]
    if name in ("MATCH_epc", "MATCH_anyEPC"):
        return [_epc(value) for value in values]
    return values


def _epc(value: str) -> str:
    """An SSCC in the form in which events name it; anything else as it is."""
    try:
        return epcis.sscc_uri(sscc_of(value))
    except EventRefused:
        return value


def _time(name: str, text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        at = datetime.min
    if at.tzinfo is None:
        raise QueryParameterWrong(f"{name} is a time with its zone, as 2026-03-02T08:00:00Z.")
    return at


def number_of(name: str, text: str) -> int:
    """A parameter that counts something.

    Raises:
        QueryParameterWrong: it is no whole number from 1.
    """
    if not text.isdecimal() or not int(text[:9]) > 0:
        raise QueryParameterWrong(f"{name} is a whole number from 1.")
    return int(text[:9])


def _token(query: Query, at: Position | None, given: int) -> str:
    return signing.dumps([query.fingerprint, at, given], salt=SALT) if at else ""


def _read_token(query: Query) -> tuple[Position | None, int]:
    if not query.token:
        return None, 0
    try:
        fingerprint, at, given = signing.loads(query.token, salt=SALT, max_age=TOKEN_LIVES)
    except signing.BadSignature as error:
        raise QueryParameterWrong(
            "nextPageToken is none of ours, or too old; ask again without it."
        ) from error
    if fingerprint != query.fingerprint:
        raise QueryParameterWrong("nextPageToken belongs to another query.")
    return (at[0], at[1]), given
