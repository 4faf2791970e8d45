"""The diary and the booking card."""

from django.urls import URLPattern, path

from ringdesk.booking.card import views as card
from ringdesk.booking.diary import views

urlpatterns: list[URLPattern] = [
    path("bookings/", views.day, name="diary"),
    path("bookings/week/<int:pk>/", views.week, name="week"),
    path("bookings/print/", views.print_day, name="print"),
    path("bookings/group/<int:claim>/", views.group, name="group"),
    path("bookings/card/", card.card_new, name="card_new"),
    path("bookings/card/offer/", card.card_offer, name="card_offer"),
    path("bookings/card/client/", card.card_client, name="card_client"),
    path("bookings/<int:pk>/", card.card, name="card"),
    path("bookings/<int:pk>/move/", views.move, name="move"),
    path("bookings/<int:pk>/restore/", card.restore, name="restore"),
]
