"""Services, specialists, rooms; the console of functions."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
