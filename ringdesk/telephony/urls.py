from django.urls import path

from ringdesk.telephony.views import calls, connectors, dialing, extensions, ignored, missed, recordings, wizard

app_name = "telephony"
urlpatterns = [
    path("calls/", calls.calls, name="calls"),
    path("calls/<uuid:pk>/", calls.call, name="call"),
    path("calls/<uuid:pk>/notes/", calls.call_notes, name="call_notes"),
    path("calls/<uuid:pk>/recording/", recordings.recording, name="recording"),
    path("calls/<uuid:pk>/recording/sound/", recordings.sound, name="recording_sound"),
    path("calls/<uuid:pk>/recording/again/", recordings.again, name="recording_again"),
    path("calls/<uuid:pk>/recording/delete/", recordings.delete, name="recording_delete"),
    path("clients/<int:pk>/recordings/delete/", recordings.forget_client, name="recordings_forget"),
    path("calls/missed/", missed.missed_calls, name="missed"),
    path("calls/missed/count/", missed.missed_count, name="missed_count"),
    path("calls/missed/settle/", missed.settle, name="missed_settle"),
    path("calls/missed/unsettle/", missed.unsettle, name="missed_unsettle"),
    path("ignored/", ignored.ignored_numbers, name="ignored"),
    path("ignored/add/", ignored.ignore, name="ignored_add"),
    path("ignored/<int:pk>/remove/", ignored.heed, name="ignored_remove"),
    path("calls/place/", dialing.place, name="place"),
    path("connectors/dialing-key/", dialing.dialing_key, name="dialing_key"),
    path("connectors/dialing-key/renew/", dialing.dialing_key_renew, name="dialing_key_renew"),
    path(dialing.DOOR, dialing.makecall, name="makecall"),
    path("connectors/", connectors.connectors, name="connectors"),
    path("connectors/new/", connectors.connector_new, name="connector_new"),
    path("connectors/new/<slug:kind>/", connectors.connector_add, name="connector_add"),
    path("connectors/<int:pk>/", connectors.connector, name="connector"),
    path("connectors/<int:pk>/health/", connectors.connector_health, name="connector_health"),
    path("connectors/<int:pk>/change/", connectors.connector_change, name="connector_change"),
    path("connectors/<int:pk>/switch/", connectors.connector_switch, name="connector_switch"),
    path("connectors/<int:pk>/address/", connectors.connector_renew, name="connector_renew"),
    path(
        "connectors/<int:pk>/secrets/<slug:name>/", connectors.connector_renew_secret, name="connector_renew_secret"
    ),
    path("connectors/<int:pk>/delete/", connectors.connector_delete, name="connector_delete"),
    path("connectors/<int:pk>/test/", connectors.connector_test, name="connector_test"),
    path("connectors/<int:pk>/lines/", connectors.line_save, name="line_add"),
    path("connectors/<int:pk>/lines/<int:line_pk>/", connectors.line_save, name="line_change"),
    path("connectors/<int:pk>/lines/<int:line_pk>/remove/", connectors.line_remove, name="line_remove"),
    path("extensions/", extensions.extension_list, name="extensions"),
    path("extensions/table/", extensions.extension_table, name="extension_table"),
    path("extensions/assign/", extensions.extension_assign, name="extension_assign"),
    path("extensions/<int:pk>/unassign/", extensions.extension_unassign, name="extension_unassign"),
    path("setup/connector/", wizard.wizard_connector, name="wizard_connector"),
    path("setup/test-call/", wizard.wizard_test, name="wizard_test"),
]
