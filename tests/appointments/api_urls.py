"""The API alone, as both hosts include it."""

from django.urls import include, path

urlpatterns = [path("api/v1/", include("apps.appointments.urls"))]
