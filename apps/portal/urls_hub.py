"""Addresses of the hub: what a recipient's people and the network's operator open."""

from django.urls import path

from apps.portal.views import operator, people

app_name = "hub"

urlpatterns = [
    path("people/", people.hub_people, name="people"),
    path("network/shippers/", operator.shippers, name="shippers"),
]
