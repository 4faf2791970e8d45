"""What is set for a PBX of this kind."""

from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext_lazy as _

from ringdesk.telephony.connectors import fields

ADDRESS = "https://app.mango-office.ru/vpbx/"


def settings_fields() -> dict[str, forms.Field]:
    """Return the fields of its settings."""
    return {
        "smart_transfer": fields.smart_transfer(),
        "transliterate": forms.BooleanField(
            label=_("Names in Latin letters"),
            required=False,
            widget=forms.CheckboxInput(attrs={"class": "switch"}),
            help_text=_("For telephones that show question marks in place of Russian names."),
        ),
        **fields.recordings(),
        "address": forms.URLField(
            label=_("Address of the PBX's API"),
            initial=ADDRESS,
            required=False,
            max_length=300,
            assume_scheme="https",
            help_text=_("As in the cabinet of the PBX, under “API connector”."),
        ),
    }


def secret_fields() -> dict[str, forms.Field]:
    """Return the fields of its secrets, as the cabinet of the PBX calls them."""
    return {
        "api_key": forms.CharField(label=_("Unique code of your PBX"), max_length=200),
        "api_salt": forms.CharField(label=_("Key for signatures"), max_length=200),
    }


def address(typed: str) -> str:
    """Return the base of every command, with a slash at its end. Pure."""
    return (typed.strip() or ADDRESS).rstrip("/") + "/"


def is_same_host(one: str, other: str) -> bool:
    """Tell whether two addresses are of one host and port."""
    first, second = urlsplit(one), urlsplit(other)
    return (first.scheme, first.netloc.lower()) == (second.scheme, second.netloc.lower())
