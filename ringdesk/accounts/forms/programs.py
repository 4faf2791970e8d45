"""The form that registers a program of the organization."""

from django import forms
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.oauth.applications import LONGEST_NAME


class ProgramForm(forms.Form):
    """A name, where its users are sent back to, and whether it can keep a secret."""

    name = forms.CharField(
        label=_("Name"), max_length=LONGEST_NAME, help_text=_("Members see it when they are asked to let it in.")
    )
    redirect_uris = forms.CharField(
        label=_("Addresses users are sent back to"),
        max_length=6000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("redirect_uri, one a line, exactly as the program sends it."),
    )
    is_public = forms.BooleanField(
        label=_("It runs on its users’ devices"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "switch"}),
        help_text=_(
            "A program on phones or computers, or in the browser, can keep no secret: it proves itself by PKCE."
        ),
    )

    def clean_redirect_uris(self) -> list[str]:
        return str(self.cleaned_data["redirect_uris"]).split()
