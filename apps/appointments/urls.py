"""Addresses of the appointments API, included below ``/api/v1/`` at a shipper's host and at the hub."""

from django.urls import path

from apps.appointments.api import AppointmentsView, AppointmentView, SitesSlotsView, SlotsView

urlpatterns = [
    path("sites/<uuid:site_id>/slots/", SlotsView.as_view(), name="api-slots"),
    path("slots/", SitesSlotsView.as_view(), name="api-slots-sites"),
    path("appointments/", AppointmentsView.as_view(), name="api-appointments"),
    path("appointments/<uuid:pk>/", AppointmentView.as_view(), name="api-appointment"),
]
