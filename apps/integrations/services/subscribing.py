"""Named queries and subscriptions: kept by a key, reported from the log in its order, ended on record."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.accounts.actors import SYSTEM, Actor
from apps.accounts.models import Role
from apps.custody import selectors
from apps.custody.canonical import format_time
from apps.custody.models import LogLeaf
from apps.custody.renditions import epcis
from apps.custody.services import record
from apps.integrations import schedules, webhooks
from apps.integrations.errors import NoSuchResource, QueryParameterWrong, ResourceExists, SubscriptionWrong
from apps.integrations.models import ApiKey, NamedQuery, Report, Subscription
from apps.integrations.querying import events_open_to, found_between, query_of
from apps.integrations.services.keys import actor_of_key
from apps.notices.kinds import Kind
from apps.notices.services import notify, recipient_people, shipper_people
from apps.tenancy.doorway import current_shipper
from apps.tenancy.outbox import enqueue

SEND = "integrations.send_report"
STRETCH = 500  # places of the log that one report covers at most
MOST_QUERIES, MOST_SUBSCRIPTIONS = 100, 20  # of one key
#: The outbox tries for some six hours; a receiver that took nothing for longer than this is given up.
GIVEN_UP_AFTER = timedelta(hours=8)
REPORTS_KEPT = timedelta(days=7)
_NAME = re.compile(r"[A-Za-z0-9_.~-]{1,100}")
#: What belongs to one page of an answer and not to a query that is kept.
_OF_A_PAGE = ("nextPageToken", "perPage")


def keep_query(*, key: ApiKey, body: Any) -> NamedQuery:
    """Keep a query under a name of the key's own.

    Raises:
        QueryParameterWrong: it has no good name, or a parameter that is unknown or has no such value.
        ResourceExists: the key has one of that name.
    """
    name, query = (body.get("name"), body.get("query")) if isinstance(body, dict) else (None, None)
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name == "SimpleEventQuery":
        raise QueryParameterWrong("name is up to 100 letters, digits and . _ ~ -; SimpleEventQuery is taken.")
    if not isinstance(query, dict):
        raise QueryParameterWrong("query is an object of query parameters.")
    if any(each in query for each in _OF_A_PAGE):
        raise QueryParameterWrong("Pages are asked for when the query's events are.")
    if key.queries.count() >= MOST_QUERIES:
        raise QueryParameterWrong(f"A key keeps {MOST_QUERIES} queries at most; delete one first.")
    parameters = {each: _texts(each, value) for each, value in query.items()}
    query_of(parameters)
    try:
        with transaction.atomic():
            return NamedQuery.objects.create(key=key, name=name, parameters=parameters)
    except IntegrityError as error:
        raise ResourceExists(f"There is a query {name} already; delete it to keep another.") from error


def query_named(key: ApiKey, name: str) -> NamedQuery:
    """
    Raises:
        NoSuchResource: the key has none of that name.
    """
    found = key.queries.filter(name=name).first()
    if found is None:
        raise NoSuchResource("This key has no query of that name.")
    return found


@transaction.atomic
def drop_query(*, query: NamedQuery, now: datetime) -> None:
    """Forget a query; its subscriptions end with it."""
    for subscription in live(query.subscriptions.all()):
        end(subscription, actor=actor_of_key(query.key), why="its query was deleted", now=now)
    query.delete()


def live(subscriptions: QuerySet[Subscription]) -> QuerySet[Subscription]:
    """Those that are still reported to."""
    return subscriptions.filter(ended_at=None)


@transaction.atomic
def subscribe(*, query: NamedQuery, body: Any, now: datetime) -> Subscription:
    """Report a query's events to an address, as they come (``stream``) or by a ``schedule``; on record.

    Without ``initialRecordTime`` it begins with what comes into the log from now on.

    Raises:
        SubscriptionWrong: it says neither or both, or something that can't be done.
        AddressRefused: nothing is posted to its address.
    """
    asked = body if isinstance(body, dict) else {}
    dest, secret = asked.get("dest"), asked.get("signatureToken", "")
    if not isinstance(dest, str) or len(dest) > 500:
        raise SubscriptionWrong("dest is the https address that events are posted to.")
    if not isinstance(secret, str) or len(secret) > 200:
        raise SubscriptionWrong("signatureToken is a text of up to 200 characters.")
    stream, schedule = asked.get("stream") is True, asked.get("schedule")
    if stream == (schedule is not None) or not isinstance(schedule or {}, dict):
        raise SubscriptionWrong("Set stream to true, or give a schedule; one of the two.")
    since = _time(asked.get("initialRecordTime"))
    due = now if stream else _due(schedule, now)
    of_the_key = Subscription.objects.filter(query__key=query.key)
    if live(of_the_key).count() >= MOST_SUBSCRIPTIONS:
        raise SubscriptionWrong(f"A key has {MOST_SUBSCRIPTIONS} subscriptions at most; delete one first.")
    try:
        webhooks.judge(dest)
    except webhooks.NotTaken as error:
        raise SubscriptionWrong(error.message) from error
    made = Subscription.objects.create(
        query=query,
        dest=dest,
        secret=secret,
        schedule=schedule,
        report_if_empty=asked.get("reportIfEmpty") is True,
        initial_record_time=since,
        position=_position(since),
        due_at=due,
    )
    record(
        "access_granted",
        actor=actor_of_key(query.key),
        now=now,
        event_time=now,
        consignments={},
        details={"grant": str(made.pk), "what": _what(made), "scopes": [query.name], "until": None},
    )
    return made


@transaction.atomic
def end(subscription: Subscription, *, actor: Actor, why: str, now: datetime) -> None:
    """Report nothing more; on record. One that has ended stays as it is."""
    open_ones = Subscription.objects.filter(pk=subscription.pk, ended_at=None)
    if not open_ones.update(ended_at=now, ended_why=why[:200], secret=""):
        return
    record(
        "access_revoked",
        actor=actor,
        now=now,
        event_time=now,
        consignments={},
        details={"grant": str(subscription.pk), "what": _what(subscription)},
    )


def report_what_is_new(*, now: datetime) -> int:
    """Promise, for each subscription that is due, a report of what the log has since the last one; how many.

    Subscriptions whose key ended, or whose receiver took nothing for too long, end here.
    """
    Report.objects.filter(done_at__lt=now - REPORTS_KEPT).delete()
    due = live(Subscription.objects.select_related("query__key")).filter(due_at__lte=now)
    return sum(_report(subscription, now) for subscription in list(due))


@transaction.atomic
def _report(subscription: Subscription, now: datetime) -> bool:
    locked = live(Subscription.objects.select_for_update(skip_locked=True)).filter(pk=subscription.pk)
    current = locked.first()
    if current is None:
        return False
    if not _is_open(current.query.key, now):
        end(current, actor=SYSTEM, why="its key opens nothing any more", now=now)
        return False
    waiting = current.reports.filter(done_at=None).first()
    if waiting is not None:
        if waiting.asked_at < now - GIVEN_UP_AFTER:
            _give_up(current, waiting.failed, now)
        return False
    head = selectors.latest_checkpoint()
    size = head.size if head else 0
    stop = min(size, current.position + STRETCH)
    has_caught_up = stop == size
    nothing = stop == current.position
    if has_caught_up and current.schedule is not None:
        current.due_at = schedules.next_time(current.schedule, now) or now + timedelta(days=3650)
    if nothing and (current.schedule is None or not current.report_if_empty):
        current.save(update_fields=["due_at"])
        return False
    report = Report.objects.create(subscription=current, start=current.position, end=stop, asked_at=now)
    current.position = stop
    current.save(update_fields=["position", "due_at"])
    enqueue(SEND, report_id=str(report.pk))
    return True


def send_report(*, report_id: UUID, now: datetime) -> None:
    """Post one report; done again, it is the same one under the same id. Not to be called in a transaction.

    Raises:
        NotTaken: the receiver did not take it; the outbox tries again later.
    """
    report = Report.objects.select_related("subscription__query__key").get(pk=report_id)
    subscription, query = report.subscription, report.subscription.query
    if report.done_at or subscription.ended_at or not _is_open(query.key, now):
        return
    told = found_between(query_of(query.parameters), events_open_to(query.key), report.start, report.end)
    if told or (subscription.report_if_empty and subscription.schedule is not None):
        document = epcis.query_document(
            selectors.log_origin(current_shipper()), format_time(now), query.name, told, str(subscription.pk)
        )
        try:
            webhooks.post(
                subscription.dest,
                epcis.json_bytes(document),
                message_id=str(report.pk),
                secret=subscription.secret,
                now=now,
            )
        except (webhooks.NotTaken, webhooks.AddressRefused) as error:
            Report.objects.filter(pk=report.pk).update(failed=error.message[:200])
            if isinstance(error, webhooks.NotTaken) and not error.gone:
                raise
            _give_up(subscription, error.message, now)
            return
        Subscription.objects.filter(pk=subscription.pk).update(notified_at=now)
    Report.objects.filter(pk=report.pk).update(done_at=now, events=len(told), failed="")


@transaction.atomic
def _give_up(subscription: Subscription, why: str, now: datetime) -> None:
    """End a subscription whose receiver is lost, and tell whoever looks after its key."""
    end(subscription, actor=SYSTEM, why=why or "its receiver took nothing", now=now)
    key = subscription.query.key
    audience = (
        recipient_people(key.recipient_id, Role.AUDITOR, Role.RECEIVING_MANAGER)
        if key.recipient_id
        else shipper_people(current_shipper().pk, Role.SHIPPER_ADMIN)
    )
    notify(
        kind=Kind.PLAN,
        audience=audience,
        title=f"{key.name} gets no more events",
        body=f"Its subscription to {subscription.query.name} has ended: {why} It may subscribe anew.",
        path="/systems/",
    )


def _is_open(key: ApiKey, now: datetime) -> bool:
    return key.revoked_at is None and key.expires_at > now


def _position(since: datetime | None) -> int:
    """The place in the log from which on a subscription reports."""
    head = selectors.latest_checkpoint()
    size = head.size if head else 0
    if since is None:
        return size
    first = LogLeaf.objects.filter(Q(event__recorded_at__gte=since)).order_by("index").first()
    return first.index if first else size


def _due(schedule: Mapping[str, object] | None, now: datetime) -> datetime:
    try:
        due = schedules.next_time(schedule or {}, now)
    except schedules.ScheduleInvalid as error:
        raise SubscriptionWrong(str(error)) from error
    if due is None:
        raise SubscriptionWrong("No such moment ever comes.")
    return due


def _time(text: Any) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text if isinstance(text, str) else "")
    except ValueError:
        at = datetime.min
    if timezone.is_naive(at):
        raise SubscriptionWrong("initialRecordTime is a time with its zone, as 2026-03-02T08:00:00Z.")
    return at


def _what(subscription: Subscription) -> str:
    host = urlsplit(subscription.dest).hostname
    return f"EPCIS subscription of {subscription.query.key.name} to {host}"


def _texts(name: str, value: Any) -> list[str]:
    """A parameter's values as an address would have them."""
    values = value if isinstance(value, list) else [value]
    if any(not isinstance(each, str | int | float | bool) for each in values):
        raise QueryParameterWrong(f"{name} holds texts, numbers or a list of them.")
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in values]
