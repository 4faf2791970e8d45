"""What is set for a PBX of this kind."""

from django import forms
from django.utils.translation import gettext_lazy as _


def settings_fields() -> dict[str, forms.Field]:
    """Return the fields of its settings."""
    return {
        "smart_transfer": forms.BooleanField(
            label=_("Smart transfer"),
            required=False,
            help_text=_(
                "The PBX asks who is responsible for the caller, and routes there. "
                "Ringdesk answers with the extension of the client's responsible member."
            ),
            widget=forms.CheckboxInput(attrs={"class": "switch"}),
        )
    }
