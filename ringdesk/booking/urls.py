"""The pages of the room; each part has its own list."""

from ringdesk.booking import diary_urls, page_urls, schedule_urls, settings_urls

app_name = "booking"
urlpatterns = [
    *diary_urls.urlpatterns,
    *schedule_urls.urlpatterns,
    *settings_urls.urlpatterns,
    *page_urls.urlpatterns,
]
