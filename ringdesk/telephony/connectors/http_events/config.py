"""What is set for a PBX of this kind."""

from django import forms
from django.utils.translation import gettext_lazy as _

from ringdesk.telephony.connectors import fields


def settings_fields() -> dict[str, forms.Field]:
    """Return the fields of its settings."""
    return {
        "smart_transfer": fields.smart_transfer(),
        "makecall_url": forms.URLField(
            label=_("Address for placing calls"),
            required=False,
            max_length=300,
            assume_scheme="https",
            help_text=_(
                "Where the PBX takes calls to be placed: the address that ends in /httpapiinteg/crmapi/v1/makecall, "
                "or what stands before that. Empty: calls cannot be placed from here."
            ),
        ),
    }


def secret_fields() -> dict[str, forms.Field]:
    """Return the fields of its secrets."""
    return {
        "makecall_key": forms.CharField(
            label=_("Key for placing calls"), required=False, max_length=300, help_text=_("Sent as X-API-KEY.")
        )
    }
