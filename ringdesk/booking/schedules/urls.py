"""Working hours and days off."""

from django.urls import path

from ringdesk.booking.schedules import views as views

urlpatterns = [
    path("booking/schedule/", views.week_page, name="schedule"),
    path("booking/schedule/<int:pk>/days/<str:day>/", views.day_edit, name="schedule_day"),
    path("booking/schedule/<int:pk>/week/", views.week_edit, name="schedule_week"),
    path("booking/schedule/leave/", views.leave, name="schedule_leave"),
    path("booking/schedule/copy/", views.copy, name="schedule_copy"),
    path("booking/schedule/holidays/", views.holidays, name="holidays"),
    path("booking/schedule/holidays/<int:pk>/remove/", views.holiday_remove, name="holiday_remove"),
]
