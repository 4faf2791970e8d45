"""Working hours and days off."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
