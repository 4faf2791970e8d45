"""Addresses of the pages; each domain brings its own."""

from django.contrib import admin
from django.urls import include, path
from django.views.i18n import set_language

from ringdesk.config.api import api
from ringdesk.telephony import dialing_keys
from ringdesk.webhooks import endpoints

# The keys of outside CRMs open the door for placing calls; neither room knows the other.
dialing_keys.register(endpoints.organization_of_key, endpoints.extension_of_user)

urlpatterns = [
    path("admin/", admin.site.urls),
    path("account/", include("allauth.urls")),
    path("language/", set_language, name="set_language"),
    path("api/v1/", api.urls),
    path("", include("ringdesk.accounts.urls")),
    path("", include("ringdesk.crm.urls")),
    path("", include("ringdesk.telephony.urls")),
    path("", include("ringdesk.webhooks.urls")),
    path("", include("ringdesk.hall.urls")),
    path("", include("ringdesk.booking.urls")),
    path("", include("ringdesk.web.urls")),
]
handler400 = "ringdesk.web.views.bad_request"
handler403 = "ringdesk.web.views.permission_denied"
handler404 = "ringdesk.web.views.page_not_found"
handler500 = "ringdesk.web.views.server_error"
