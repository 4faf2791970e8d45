"""What is set for a Binotel account."""

import ipaddress

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ringdesk.telephony.connectors import fields

API = "https://api.binotel.com/api/4.0"


class Addresses(forms.CharField):
    """IP addresses and networks, separated by commas."""

    def clean(self, value: str | None) -> str:
        text: str = super().clean(value or "")
        parts = [part.strip() for part in text.split(",") if part.strip()]
        for part in parts:
            try:
                ipaddress.ip_network(part, strict=False)
            except ValueError as error:
                raise ValidationError(_("%(part)s is not an IP address.") % {"part": part}) from error
        return ", ".join(parts)


def settings_fields() -> dict[str, forms.Field]:
    """Return the fields of its settings."""
    own: dict[str, forms.Field] = {
        "smart_transfer": fields.smart_transfer(),
        "company_id": forms.CharField(
            label=_("companyID"),
            max_length=40,
            required=False,
            help_text=_("Your company's number at Binotel. Reports of another company are refused."),
        ),
        "addresses": Addresses(
            label=_("Addresses of Binotel's servers"),
            max_length=2000,
            required=False,
            help_text=_(
                "Only these may report calls, separated by commas. Binotel does not sign what it sends, so copy the "
                "list from its documentation. Empty: any address."
            ),
        ),
    }
    own["api_url"] = forms.URLField(
        label=_("Address of the API"), required=False, max_length=200, initial=API, assume_scheme="https"
    )
    return own | fields.recordings()


def secret_fields() -> dict[str, forms.Field]:
    """Return the fields of its secrets."""
    help_text = _("Binotel's support gives it out. Without it there are no recordings, and no calls are placed.")
    return {
        "api_key": forms.CharField(label=_("API key"), required=False, max_length=200, help_text=help_text),
        "api_secret": forms.CharField(label=_("API secret"), required=False, max_length=200),
    }
