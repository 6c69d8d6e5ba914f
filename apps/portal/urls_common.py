"""Addresses that every host answers to."""

from django.urls import include, path

from apps.portal.views import common, people

urlpatterns = [
    path("account/", include("allauth.account.urls")),
    path("theme/", common.theme, name="theme"),
    path("help/", common.help_page, name="help"),
    path("readyz", common.ready, name="ready"),
    path("join/<str:token>/", people.join, name="join"),
]
