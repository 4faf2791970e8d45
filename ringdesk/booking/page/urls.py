"""The public booking page, its settings, messages to clients, calendars, the waiting list."""

from django.urls import URLPattern, path, re_path

from ringdesk.booking import calendar_views
from ringdesk.booking.page import views, visit_views
from ringdesk.booking.setting_up import client_pages

_BOOK = "book/<slug:slug>/"
urlpatterns: list[URLPattern] = [
    path(_BOOK, views.start, name="page"),
    path(_BOOK + "hold/", views.hold, name="page_hold"),
    path(_BOOK + "details/<str:token>/", views.details, name="page_details"),
    path(_BOOK + "sent/<str:token>/", views.sent, name="page_sent"),
    path(_BOOK + "code/<str:token>/", views.code, name="page_code"),
    path(_BOOK + "confirm/<str:token>/", views.confirm, name="page_confirm"),
    path(_BOOK + "widget.js", views.widget, name="page_widget"),
    path(_BOOK + "visit/<str:token>/", visit_views.visit, name="page_visit"),
    path(_BOOK + "visit/<str:token>/visit.ics", visit_views.calendar_file, name="page_file"),
    path(_BOOK + "visit/<str:token>/move/", visit_views.move, name="page_move"),
    path(_BOOK + "visit/<str:token>/cancel/", visit_views.cancel, name="page_cancel"),
    path(_BOOK + "wait/", visit_views.wait, name="page_wait"),
    path(_BOOK + "offer/<str:token>/", visit_views.offer, name="page_offer"),
    re_path(r"^ical/(?P<secret>s[\w-]{43})\.ics$", calendar_views.feed, name="feed"),
    path("booking/specialists/<int:pk>/calendar/", calendar_views.calendar, name="calendar"),
    path("booking/page/", client_pages.page_settings, name="page_settings"),
    path("booking/messages/", client_pages.message_log, name="messages"),
    path("booking/messages/settings/", client_pages.message_settings, name="message_settings"),
    path("booking/messages/test/", client_pages.message_test, name="message_test"),
    path("booking/messages/<int:pk>/again/", client_pages.message_again, name="message_again"),
    path("booking/waiting/", client_pages.waiting_list, name="waiting"),
    path("booking/waiting/new/", client_pages.waiting_new, name="waiting_new"),
    re_path(
        r"^booking/waiting/(?P<pk>\d{1,18})/(?P<verb>accept|remove|again)/$",
        client_pages.waiting_act,
        name="waiting_act",
    ),
]
