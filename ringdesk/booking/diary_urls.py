"""The diary and the booking card."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
