"""Addresses of EPCIS 2.0's REST interface on a shipper's host, below ``/api/epcis/2.0/``."""

from django.urls import path, re_path

from apps.integrations import api, api_queries

app_name = "epcis"
VALUES = "|".join(api.RESOURCES)

urlpatterns = [
    path("", api.RootView.as_view(), name="root"),
    path("capture", api.CaptureView.as_view(), name="capture"),
    path("capture/<uuid:capture_id>", api.CaptureJobView.as_view(), name="capture_job"),
    path("events", api.EventsView.as_view(), name="events"),
    path("events/<path:event_id>", api.EventView.as_view(), name="event"),
    path("queries", api_queries.QueriesView.as_view(), name="queries"),
    path("queries/<str:name>", api_queries.QueryView.as_view(), name="query"),
    path("queries/<str:name>/events", api_queries.QueryEventsView.as_view(), name="query_events"),
    path("queries/<str:name>/subscriptions", api_queries.SubscriptionsView.as_view(), name="subscriptions"),
    path(
        "queries/<str:name>/subscriptions/<uuid:subscription_id>",
        api_queries.SubscriptionView.as_view(),
        name="subscription",
    ),
    path("nextPageToken/<path:token>", api.PageTokenView.as_view(), name="page_token"),
    re_path(rf"^(?P<resource>{VALUES})$", api.ValuesView.as_view(), name="values"),
    path("<slug:resource>/<path:value>/events", api.EventsView.as_view(), name="events_of"),
    re_path(rf"^(?P<resource>{VALUES})/(?P<value>.+)$", api.ValueView.as_view(), name="value"),
]
