"""The forms of the first-run wizard that are not used elsewhere."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.forms.organization import LanguageField
from ringdesk.accounts.forms.people import NewNameField, PasswordField, password_advice


class KeyForm(forms.Form):
    """The secret that was printed at the start."""

    key = forms.CharField(label=_("Key"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))


class AccountForm(forms.Form):
    """The first user. A password given before is kept when the field stays empty."""

    name = NewNameField()
    email = forms.EmailField(
        label=_("E-mail"),
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
        help_text=_("You sign in with it."),
    )
    password = PasswordField(label=_("Password"))
    language = LanguageField(label=_("Language"))

    def __init__(self, *args: Any, has_password: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        password = self.fields["password"]
        password.help_text = _("It is set. Leave this empty to keep it.") if has_password else password_advice()
        password.required = not has_password


class OwnerForm(forms.Form):
    """The first user once there is one: what can still be changed on this page."""

    name = NewNameField()
    language = LanguageField(label=_("Language"))
