"""Addresses of a shipper's desk."""

from django.urls import path

from apps.portal.views import people

app_name = "desk"

urlpatterns = [
    path("people/", people.desk_people, name="people"),
]
