"""The diary and the booking card."""

from django.urls import URLPattern, path

from ringdesk.booking import card_views, diary_views

urlpatterns: list[URLPattern] = [
    path("bookings/", diary_views.day, name="diary"),
    path("bookings/week/<int:pk>/", diary_views.week, name="week"),
    path("bookings/print/", diary_views.print_day, name="print"),
    path("bookings/group/<int:claim>/", diary_views.group, name="group"),
    path("bookings/card/", card_views.card_new, name="card_new"),
    path("bookings/card/offer/", card_views.card_offer, name="card_offer"),
    path("bookings/card/client/", card_views.card_client, name="card_client"),
    path("bookings/<int:pk>/", card_views.card, name="card"),
    path("bookings/<int:pk>/move/", diary_views.move, name="move"),
    path("bookings/<int:pk>/restore/", card_views.restore, name="restore"),
]
