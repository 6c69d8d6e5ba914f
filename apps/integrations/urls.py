"""Addresses of EPCIS 2.0's REST interface on a shipper's host, below ``/api/epcis/2.0/``."""

from django.urls import path, re_path

from apps.integrations import api

app_name = "epcis"

urlpatterns = [
    path("", api.RootView.as_view(), name="root"),
    path("capture", api.CaptureView.as_view(), name="capture"),
    path("capture/<uuid:capture_id>", api.CaptureJobView.as_view(), name="capture_job"),
    path("events", api.EventsView.as_view(), name="events"),
    path("events/<path:event_id>", api.EventView.as_view(), name="event"),
    re_path(
        r"^(?P<resource>eventTypes|bizSteps|dispositions)$", api.VocabularyView.as_view(), name="vocabulary"
    ),
    path("<slug:resource>/<path:value>/events", api.EventsView.as_view(), name="events_of"),
]
