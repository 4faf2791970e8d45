"""What is set for a connector service of this kind."""

from django import forms

from ringdesk.telephony.connectors import fields, makecall


def settings_fields() -> dict[str, forms.Field]:
    """Return the fields of its settings."""
    own = {"smart_transfer": fields.smart_transfer()} | makecall.settings_fields()
    return own | fields.recordings() | fields.recording_host()


def secret_fields() -> dict[str, forms.Field]:
    """Return the fields of its secrets: the key that it gave us. The one it is to know is made here."""
    return makecall.secret_fields()
