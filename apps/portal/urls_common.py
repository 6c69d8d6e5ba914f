"""Addresses that every host answers to."""

from allauth.account import urls as allauth
from django.urls import include, path

from apps.portal.views import answer_link, common, feeds, notices, people

#: Nobody changes the address they are known by: an invitation proved it, and whoever took another's unproven
#: would collect the roles that the other is invited to.
CLOSED = {"account_email", "account_email_verification_sent", "account_confirm_email"}

urlpatterns = [
    path("account/", include([entry for entry in allauth.urlpatterns if entry.name not in CLOSED])),
    path("theme/", common.theme, name="theme"),
    path("help/", common.help_page, name="help"),
    path("readyz", common.ready, name="ready"),
    path("answer/<str:token>/", answer_link.answer_link, name="answer"),
    path("join/<str:token>/", people.join, name="join"),
    path("notices/", notices.notices, name="notices"),
    path("notices/read/", notices.read_every, name="notices_read"),
    path("notices/preferences/", notices.preferences, name="notice_preferences"),
    path("calendars/", feeds.feeds, name="feeds"),
    path("calendars/<uuid:feed_id>/revoke/", feeds.revoke, name="revoke_feed"),
    path("calendars/read/<str:token>.ics", feeds.calendar, name="calendar"),
    path("notices/<uuid:notice_id>/", notices.open_notice, name="notice_open"),
]
