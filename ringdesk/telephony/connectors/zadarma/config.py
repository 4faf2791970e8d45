"""What is set for an account at Zadarma or Novofon."""

from django import forms
from django.utils.translation import gettext_lazy as _

from ringdesk.telephony.connectors import fields

API = "https://api.zadarma.com"


def settings_fields() -> dict[str, forms.Field]:
    """Return the fields of its settings."""
    own: dict[str, forms.Field] = {
        "smart_transfer": fields.smart_transfer(),
        "api_url": forms.URLField(
            label=_("Address of the API"),
            required=False,
            max_length=200,
            initial=API,
            assume_scheme="https",
            help_text=_("Zadarma: https://api.zadarma.com. Novofon: https://api.novofon.com."),
        ),
    }
    return own | fields.recordings()


def secret_fields() -> dict[str, forms.Field]:
    """Return the fields of its secrets."""
    return {
        "api_key": forms.CharField(label=_("API key"), max_length=200),
        "api_secret": forms.CharField(
            label=_("API secret"),
            max_length=200,
            help_text=_("Notifications are signed with it; others are refused."),
        ),
    }
