"""Forms of members, invitations and one's own profile."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.auth.password_validation import get_default_password_validators
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ringdesk.accounts import members, seats
from ringdesk.accounts.forms.organization import LanguageField
from ringdesk.accounts.models import Branch, Member

NAME = 150


class BranchesField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Branches a seat is limited to; none chosen means all of them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(queryset=Branch.objects.none(), required=False, widget=forms.CheckboxSelectMultiple, **options)


class _GrantForm(forms.Form):
    """What somebody gives: a role up to their own, in branches they work in."""

    role = forms.ChoiceField(label=_("Role"))
    branches = BranchesField(label=_("Branches"), help_text=_("Choose none to give access to all of them."))

    def __init__(self, *args: Any, by: Member, **options: Any) -> None:
        super().__init__(*args, **options)
        role, branches = self.fields["role"], self.fields["branches"]
        assert isinstance(role, forms.ChoiceField) and isinstance(branches, forms.ModelMultipleChoiceField)
        role.choices = [(role.value, role.label) for role in members.grantable_roles(by)]
        branches.queryset = seats.in_reach(by)
        if seats.is_limited(by):
            branches.required = True
            branches.help_text = ""
        elif len(branches.queryset) < 2:
            del self.fields["branches"]

    def chosen_branches(self) -> list[Branch] | None:
        """Return the chosen branches; None when there was nothing to choose."""
        return list(self.cleaned_data["branches"]) if "branches" in self.cleaned_data else None


class MemberForm(_GrantForm):
    """Another member's name, role and branches."""

    name = forms.CharField(label=pgettext_lazy("person", "Name"), max_length=NAME)
    field_order: Sequence[str] = ("name", "role", "branches")

    @staticmethod
    def initial_of(member: Member) -> dict[str, Any]:
        """Return what the form shows at first."""
        return {"name": member.name, "role": member.role, "branches": list(member.branches.all())}


class InvitationForm(_GrantForm):
    """Whom to invite, as what."""

    email = forms.EmailField(
        label=_("E-mail"), widget=forms.EmailInput(attrs={"data-autofocus": "", "autocomplete": "off"})
    )
    name = forms.CharField(
        label=pgettext_lazy("person", "Name"),
        max_length=NAME,
        required=False,
        help_text=_("May be left to the person."),
    )
    field_order: Sequence[str] = ("email", "name", "role", "branches")


class PasswordField(forms.CharField):
    """A new password, with what makes a good one."""

    def __init__(self, **options: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        super().__init__(strip=False, widget=widget, max_length=128, **options)


def password_advice() -> str:
    """Return the rules for a password in one sentence."""
    lengths = [getattr(validator, "min_length", 0) for validator in get_default_password_validators()]
    return _("At least %(count)d characters, not a common password, not like your name or address.") % {
        "count": max(lengths, default=0)
    }


class NewNameField(forms.CharField):
    """The name of somebody who comes in for the first time."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"autocomplete": "name"})
        super().__init__(label=_("Your name"), max_length=NAME, widget=widget, **options)


class AcceptForm(forms.Form):
    """A newcomer's name and password."""

    name = NewNameField()
    password = PasswordField(label=_("Password"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["password"].help_text = password_advice()


class ProfileForm(forms.Form):
    """What a member decides alone."""

    name = forms.CharField(
        label=pgettext_lazy("person", "Name"), max_length=NAME, help_text=_("As your colleagues see it.")
    )
    language = LanguageField(label=_("Language"), widget=forms.RadioSelect)
    scheme = forms.ChoiceField(
        label=_("Colours"),
        choices=Member._meta.get_field("scheme").choices or [],
        widget=forms.RadioSelect(attrs={"data-scheme-choice": ""}),
    )
    do_not_disturb = forms.BooleanField(
        label=_("Do not disturb"),
        required=False,
        help_text=_("Calls still appear, without sound and without notifications."),
        widget=forms.CheckboxInput(attrs={"class": "switch"}),
    )

    @staticmethod
    def initial_of(member: Member) -> dict[str, Any]:
        """Return what the form shows at first."""
        return {field: getattr(member, field) for field in ("name", "language", "scheme", "do_not_disturb")}
