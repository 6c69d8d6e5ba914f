"""Addresses of the tendering API on a shipper's host, below ``/api/v1/``."""

from django.urls import path

from apps.tendering import api

urlpatterns = [
    path("tenders/", api.TendersView.as_view(), name="api-tenders"),
    path("tenders/offered/", api.OfferedView.as_view(), name="api-tender-offered"),
    path("tenders/offered/accept/", api.OfferedAcceptView.as_view(), name="api-tender-offered-accept"),
    path("tenders/offered/decline/", api.OfferedDeclineView.as_view(), name="api-tender-offered-decline"),
    path("tenders/<uuid:tender_id>/", api.TenderView.as_view(), name="api-tender"),
    path("tenders/<uuid:tender_id>/accept/", api.AcceptView.as_view(), name="api-tender-accept"),
    path("tenders/<uuid:tender_id>/decline/", api.DeclineView.as_view(), name="api-tender-decline"),
]
