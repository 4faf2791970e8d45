"""Services, specialists, rooms; the console of functions."""

from django.urls import URLPattern, path, register_converter

from ringdesk.booking.console import views as console_views
from ringdesk.booking.setting_up import pool_pages, service_pages, staff_pages
from ringdesk.booking.sheets import pages as sheet_pages


class VerbConverter:
    """What a button of a list or a drawer does to its row."""

    regex = "up|down|first|last|show|hide|remove"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class PhotoConverter(VerbConverter):
    regex = "[A-Za-z0-9_-]{16,64}"


class SheetConverter(VerbConverter):
    regex = "services|employees|clients"


class FormatConverter(VerbConverter):
    regex = "csv|xlsx"


register_converter(VerbConverter, "booking_verb")
register_converter(SheetConverter, "sheet_kind")
register_converter(FormatConverter, "sheet_format")
register_converter(PhotoConverter, "photo_name")

_HERE = "booking/services/"
urlpatterns: list[URLPattern] = [
    path(_HERE, service_pages.service_list, name="services"),
    path(_HERE + "new/", service_pages.service_new, name="service_new"),
    path(_HERE + "<int:pk>/", service_pages.service_edit, name="service_edit"),
    path(_HERE + "<int:pk>/<booking_verb:verb>/", service_pages.service_act, name="service_act"),
    path(_HERE + "categories/", service_pages.category_list, name="category_list"),
    path(_HERE + "categories/new/", service_pages.category_new, name="category_new"),
    path(_HERE + "categories/<int:pk>/", service_pages.category_edit, name="category_edit"),
    path(_HERE + "categories/<int:pk>/<booking_verb:verb>/", service_pages.category_act, name="category_act"),
    path(_HERE + "settings/", service_pages.settings, name="settings"),
    path(_HERE + "employees/", staff_pages.employee_list, name="employees"),
    path(_HERE + "employees/new/", staff_pages.employee_new, name="employee_new"),
    path(_HERE + "employees/<int:pk>/", staff_pages.employee_edit, name="employee_edit"),
    path(_HERE + "employees/<int:pk>/services/", staff_pages.employee_services, name="employee_services"),
    path(_HERE + "employees/<int:pk>/<booking_verb:verb>/", staff_pages.employee_act, name="employee_act"),
    path(_HERE + "job-titles/", staff_pages.job_title_list, name="job_title_list"),
    path(_HERE + "job-titles/new/", staff_pages.job_title_new, name="job_title_new"),
    path(_HERE + "job-titles/<int:pk>/", staff_pages.job_title_edit, name="job_title_edit"),
    path(_HERE + "job-titles/<int:pk>/<booking_verb:verb>/", staff_pages.job_title_act, name="job_title_act"),
    path(_HERE + "rooms/", pool_pages.pool_list, name="pools"),
    path(_HERE + "rooms/new/", pool_pages.pool_new, name="pool_new"),
    path(_HERE + "rooms/<int:pk>/", pool_pages.pool_edit, name="pool_edit"),
    path(_HERE + "rooms/<int:pk>/new/", pool_pages.facility_new, name="facility_new"),
    path(_HERE + "rooms/<int:pk>/<booking_verb:verb>/", pool_pages.pool_act, name="pool_act"),
    path(_HERE + "rooms/one/<int:pk>/", pool_pages.facility_edit, name="facility_edit"),
    path(_HERE + "rooms/one/<int:pk>/<booking_verb:verb>/", pool_pages.facility_act, name="facility_act"),
    path(_HERE + "import/", sheet_pages.imports, name="imports"),
    path(_HERE + "import/<int:pk>/", sheet_pages.import_sheet, name="import_sheet"),
    path(_HERE + "import/<int:pk>/start/", sheet_pages.import_start, name="import_start"),
    path(_HERE + "import/<int:pk>/discard/", sheet_pages.import_discard, name="import_discard"),
    path(_HERE + "import/<int:pk>/refused.<sheet_format:format>", sheet_pages.import_refused, name="import_refused"),
    path(_HERE + "export/<sheet_kind:kind>.<sheet_format:format>", sheet_pages.export, name="export"),
    path("booking/console/", console_views.console, name="console"),
    path("booking/photo/<photo_name:name>.jpg", staff_pages.photo, name="photo"),
]
