"""The pages of the room; each part has its own list."""

from ringdesk.booking.diary import urls as diary
from ringdesk.booking.page import urls as page
from ringdesk.booking.schedules import urls as schedules
from ringdesk.booking.setting_up import urls as setting_up

app_name = "booking"
urlpatterns = [*diary.urlpatterns, *schedules.urlpatterns, *setting_up.urlpatterns, *page.urlpatterns]
