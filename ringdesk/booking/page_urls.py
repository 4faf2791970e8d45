"""The public booking page, its settings, messages to clients, calendars, the waiting list."""

from django.urls import URLPattern, path, re_path

from ringdesk.booking import calendar_views

urlpatterns: list[URLPattern] = [
    re_path(r"^ical/(?P<secret>s[\w-]{43})\.ics$", calendar_views.feed, name="feed"),
    path("booking/specialists/<int:pk>/calendar/", calendar_views.calendar, name="calendar"),
]
