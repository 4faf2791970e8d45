"""The public booking page, its settings, messages to clients, calendars, the waiting list."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
