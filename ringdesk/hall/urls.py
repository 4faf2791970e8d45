from django.urls import path, re_path, register_converter

from ringdesk.hall.views import calendar, card, day, setting_up


class VerbConverter:
    """What may be done to a hall, a table or a status."""

    regex = "up|down|show|hide|remove"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class StatusVerbConverter(VerbConverter):
    regex = "up|down|show|remove"


register_converter(VerbConverter, "verb")
register_converter(StatusVerbConverter, "status_verb")

app_name = "hall"
urlpatterns = [
    path("hall/", day.day, name="day"),
    path("hall/reservations/<int:pk>/move/", day.move, name="move"),
    path("hall/card/", card.card_new, name="card_new"),
    path("hall/card/tables/", card.card_tables, name="card_tables"),
    path("hall/card/guest/", card.card_guest, name="card_guest"),
    path("hall/card/<int:pk>/", card.card, name="card"),
    path("hall/settings/", setting_up.settings, name="settings"),
    path("hall/settings/halls/", setting_up.hall_list, name="halls"),
    path("hall/settings/halls/new/", setting_up.hall_new, name="hall_new"),
    path("hall/settings/halls/<int:pk>/", setting_up.hall_edit, name="hall_edit"),
    path("hall/settings/halls/<int:pk>/<verb:verb>/", setting_up.hall_act, name="hall_act"),
    path("hall/settings/halls/<int:pk>/calendar/", calendar.calendar, name="calendar"),
    re_path(r"^ical/(?P<secret>h[\w-]{43})\.ics$", calendar.feed, name="feed"),
    path("hall/settings/tables/new/", setting_up.table_new, name="table_new"),
    path("hall/settings/tables/<int:pk>/", setting_up.table_edit, name="table_edit"),
    path("hall/settings/tables/<int:pk>/<verb:verb>/", setting_up.table_act, name="table_act"),
    path("hall/settings/statuses/", setting_up.status_list, name="statuses"),
    path("hall/settings/statuses/new/", setting_up.status_new, name="status_new"),
    path("hall/settings/statuses/<int:pk>/", setting_up.status_edit, name="status_edit"),
    path("hall/settings/statuses/<int:pk>/<status_verb:verb>/", setting_up.status_act, name="status_act"),
]
