"""The public booking page, its settings, messages to clients, calendars, the waiting list."""

from django.urls import URLPattern, path, re_path

from ringdesk.booking import calendar_views, client_views, page_views, page_visit_views

_BOOK = "book/<slug:slug>/"
urlpatterns: list[URLPattern] = [
    path(_BOOK, page_views.start, name="page"),
    path(_BOOK + "hold/", page_views.hold, name="page_hold"),
    path(_BOOK + "details/<str:token>/", page_views.details, name="page_details"),
    path(_BOOK + "sent/<str:token>/", page_views.sent, name="page_sent"),
    path(_BOOK + "code/<str:token>/", page_views.code, name="page_code"),
    path(_BOOK + "confirm/<str:token>/", page_views.confirm, name="page_confirm"),
    path(_BOOK + "widget.js", page_views.widget, name="page_widget"),
    path(_BOOK + "visit/<str:token>/", page_visit_views.visit, name="page_visit"),
    path(_BOOK + "visit/<str:token>/visit.ics", page_visit_views.calendar_file, name="page_file"),
    path(_BOOK + "visit/<str:token>/move/", page_visit_views.move, name="page_move"),
    path(_BOOK + "visit/<str:token>/cancel/", page_visit_views.cancel, name="page_cancel"),
    path(_BOOK + "wait/", page_visit_views.wait, name="page_wait"),
    path(_BOOK + "offer/<str:token>/", page_visit_views.offer, name="page_offer"),
    re_path(r"^ical/(?P<secret>s[\w-]{43})\.ics$", calendar_views.feed, name="feed"),
    path("booking/specialists/<int:pk>/calendar/", calendar_views.calendar, name="calendar"),
    path("booking/page/", client_views.page_settings, name="page_settings"),
    path("booking/messages/", client_views.message_log, name="messages"),
    path("booking/messages/settings/", client_views.message_settings, name="message_settings"),
    path("booking/messages/test/", client_views.message_test, name="message_test"),
    path("booking/messages/<int:pk>/again/", client_views.message_again, name="message_again"),
    path("booking/waiting/", client_views.waiting_list, name="waiting"),
    path("booking/waiting/new/", client_views.waiting_new, name="waiting_new"),
    re_path(
        r"^booking/waiting/(?P<pk>\d{1,18})/(?P<verb>accept|remove|again)/$",
        client_views.waiting_act,
        name="waiting_act",
    ),
]
