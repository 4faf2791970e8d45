"""The form that issues an API token."""

from collections.abc import Iterator

from django import forms
from django.forms import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.access import RESOURCE_LABELS, SCOPES


class TokenForm(forms.Form):
    """A name to know it by, and what it may."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("Which program will use it: then you know what stops when you revoke it."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("Permissions"), choices=[(scope, scope) for scope in SCOPES], widget=forms.CheckboxSelectMultiple
    )

    def table(self) -> Iterator[tuple[str | Promise, list[str], list[str]]]:
        """Return for each resource: its name, its scopes, and those of them that are chosen."""
        chosen = set(self["scopes"].value() or ())
        for resource, label in RESOURCE_LABELS.items():
            scopes = [f"{resource}:read", f"{resource}:write"]
            yield label, scopes, [scope for scope in scopes if scope in chosen]

    @property
    def scopes_field(self) -> BoundField:
        return self["scopes"]
