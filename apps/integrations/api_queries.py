"""EPCIS 2.0's named queries and their subscriptions, each a key's own."""

from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.custody.canonical import format_time
from apps.integrations.api import EpcisView, answer_page, key_of, parameters_of
from apps.integrations.errors import NoSuchResource, QueryParameterWrong
from apps.integrations.models import NamedQuery, Subscription
from apps.integrations.querying import events_open_to, page_of, query_of
from apps.integrations.services.keys import actor_of_key
from apps.integrations.services.subscribing import drop_query, end, keep_query, live, query_named, subscribe


class QueriesView(EpcisView):
    """The key's named queries."""

    @extend_schema(operation_id="epcis_queries", responses=dict, tags=["epcis"])
    def get(self, request: Request) -> Response:
        return Response([_query(each) for each in key_of(request).queries.all()])

    @extend_schema(operation_id="epcis_keep_query", request=dict, responses={201: None}, tags=["epcis"])
    def post(self, request: Request) -> Response:
        """Keep a query: ``{"name": …, "query": {parameter: values}}``."""
        kept = keep_query(key=key_of(request), body=request.data)
        answer = Response(_query(kept), status=201)
        answer["Location"] = request.build_absolute_uri(reverse("epcis:query", args=[kept.name]))
        return answer


class QueryView(EpcisView):
    """One named query."""

    @extend_schema(operation_id="epcis_query", responses=dict, tags=["epcis"])
    def get(self, request: Request, name: str) -> Response:
        return Response(_query(query_named(key_of(request), name)))

    @extend_schema(operation_id="epcis_drop_query", responses={204: None}, tags=["epcis"])
    def delete(self, request: Request, name: str) -> Response:
        drop_query(query=query_named(key_of(request), name), now=timezone.now())
        return Response(status=204)


class QueryEventsView(EpcisView):
    """What a named query finds now, in pages."""

    @extend_schema(operation_id="epcis_query_events", responses=dict, tags=["epcis"])
    def get(self, request: Request, name: str) -> Response:
        kept = query_named(key_of(request), name)
        asked = parameters_of(request)
        if others := sorted(set(asked) - {"perPage", "nextPageToken"}):
            raise QueryParameterWrong(f"A named query takes perPage and nextPageToken, not {others[0]}.")
        query = query_of(kept.parameters | asked)
        return answer_page(request, page_of(query, events_open_to(key_of(request))), query, name=kept.name)


class SubscriptionsView(EpcisView):
    """The subscriptions to a named query."""

    @extend_schema(operation_id="epcis_subscriptions", responses=dict, tags=["epcis"])
    def get(self, request: Request, name: str) -> Response:
        kept = query_named(key_of(request), name)
        return Response([_subscription(each) for each in live(kept.subscriptions.all())])

    @extend_schema(operation_id="epcis_subscribe", request=dict, responses={201: dict}, tags=["epcis"])
    def post(self, request: Request, name: str) -> Response:
        """Have new events posted to ``dest``, as they come or by a schedule."""
        made = subscribe(query=query_named(key_of(request), name), body=request.data, now=timezone.now())
        answer = Response(_subscription(made), status=201)
        at = reverse("epcis:subscription", args=[name, made.pk])
        answer["Location"] = request.build_absolute_uri(at)
        return answer


class SubscriptionView(EpcisView):
    """One subscription."""

    @extend_schema(operation_id="epcis_subscription", responses=dict, tags=["epcis"])
    def get(self, request: Request, name: str, subscription_id: UUID) -> Response:
        return Response(_subscription(_subscribed(request, name, subscription_id)))

    @extend_schema(operation_id="epcis_unsubscribe", responses={204: None}, tags=["epcis"])
    def delete(self, request: Request, name: str, subscription_id: UUID) -> Response:
        found = _subscribed(request, name, subscription_id)
        end(found, actor=actor_of_key(key_of(request)), why="the system unsubscribed", now=timezone.now())
        return Response(status=204)


def _subscribed(request: Request, name: str, subscription_id: UUID) -> Subscription:
    subscriptions = query_named(key_of(request), name).subscriptions.select_related("query__key")
    found = live(subscriptions).filter(pk=subscription_id).first()
    if found is None:
        raise NoSuchResource("There is no such subscription; it may have ended.")
    return found


def _query(kept: NamedQuery) -> dict[str, Any]:
    return {"name": kept.name, "query": kept.parameters}


def _subscription(made: Subscription) -> dict[str, Any]:
    """A subscription as the standard writes it; what signs it is told to nobody."""
    told: dict[str, Any] = {
        "subscriptionID": str(made.pk),
        "queryName": made.query.name,
        "dest": made.dest,
        "createdAt": format_time(made.created_at),
        "reportIfEmpty": made.report_if_empty,
    }
    told |= {"stream": True} if made.schedule is None else {"schedule": made.schedule}
    if made.initial_record_time:
        told["initialRecordTime"] = format_time(made.initial_record_time)
    if made.notified_at:
        told["lastNotifiedAt"] = format_time(made.notified_at)
    return told
