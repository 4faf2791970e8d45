"""What is set for a PBX of this kind."""

from django import forms

from ringdesk.telephony.connectors import fields, makecall


def settings_fields() -> dict[str, forms.Field]:
    """Return the fields of its settings."""
    own = {"smart_transfer": fields.smart_transfer()} | makecall.settings_fields()
    return own | fields.recordings() | fields.recording_host()


def secret_fields() -> dict[str, forms.Field]:
    """Return the fields of its secrets."""
    return makecall.secret_fields()
