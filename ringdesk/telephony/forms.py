"""What members type in on the pages of telephony."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts import seats
from ringdesk.accounts.models import Branch, Member
from ringdesk.telephony import reach
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.connectors.base import Course
from ringdesk.telephony.history import Kept, Linked, Period
from ringdesk.telephony.models import Call, Connector, Line

COURSES = (
    (Course.RINGING, _("Rings and waits")),
    (Course.ANSWERED, _("Answered, talk is over")),
    (Course.MISSED, _("Missed")),
)
RESULTS = (
    ("", _("All results")),
    ("open", _("Going on now")),
    (Call.Result.ANSWERED, _("Answered")),
    ("unanswered", _("Not answered")),
)
DIRECTIONS = (
    ("", _("All directions")),
    *(one for one in Call.Direction.choices if one[0] != Call.Direction.INTERNAL),
)
PERIODS = (
    (Period.ALL, _("All time")),
    (Period.TODAY, _("Today")),
    (Period.YESTERDAY, _("Yesterday")),
    (Period.WEEK, _("7 days")),
    (Period.MONTH, _("30 days")),
    (Period.OWN, _("Own dates")),
)
LINKED = (
    (Linked.ALL, _("All numbers")),
    (Linked.YES, _("On a card")),
    (Linked.NO, _("On nobody's card")),
    (Linked.HIDDEN, _("Hidden")),
)
KEPT = ((Kept.OUTSIDE, ""), (Kept.INTERNAL, ""))


def _day() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class ConnectorForm(forms.Form):
    """Name, branch, and what is particular to the kind."""

    name = forms.CharField(label=_("Name"), max_length=100, widget=forms.TextInput(attrs={"data-autofocus": ""}))
    branch = forms.ModelChoiceField(
        label=_("Branch"),
        queryset=Branch.objects.none(),
        required=False,
        empty_label=_("Every branch"),
        help_text=_("Whose hostess panel shows its calls; a line with a branch of its own goes first."),
    )

    def __init__(self, *args: Any, by: Member, kind: str, stored_secrets: Collection[str] = (), **kwargs: Any) -> None:
        """``stored_secrets``: names of secrets that are stored; left empty, they stay as they are."""
        super().__init__(*args, **kwargs)
        self.particular = registry()[kind].settings_fields()
        self.secret = registry()[kind].secret_fields()
        self.fields.update(self.particular)
        for name, field in self.secret.items():
            field.widget = forms.PasswordInput(attrs={"autocomplete": "off"})
            if name in stored_secrets:
                field.required = False
                field.widget.attrs["placeholder"] = _("Stored. Leave empty to keep it.")
            self.fields[name] = field
        choice = self.fields["branch"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = seats.branches_of(by)
        if seats.is_limited(by):
            choice.required, choice.empty_label = True, None

    def settings(self) -> dict[str, Any]:
        """Return the kind's own settings as they were typed in."""
        return {name: self.cleaned_data[name] for name in self.particular}

    def new_secrets(self) -> dict[str, str]:
        """Return the secrets that were typed in."""
        return {name: self.cleaned_data[name].strip() for name in self.secret if self.cleaned_data[name].strip()}


class LineForm(forms.Form):
    """A line and its branch."""

    number = forms.CharField(label=_("Number"), max_length=32)
    label = forms.CharField(label=_("Name"), max_length=60, required=False)
    branch = forms.ModelChoiceField(
        label=_("Branch"), queryset=Branch.objects.none(), required=False, empty_label=_("As the connector's")
    )

    def __init__(self, *args: Any, by: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["branch"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = seats.branches_of(by)


class ExtensionForm(forms.Form):
    """Whose extension it is on which connector."""

    connector = forms.ModelChoiceField(label=_("Connector"), queryset=Connector.objects.none(), empty_label=None)
    member = forms.ModelChoiceField(label=_("Member"), queryset=Member.objects.none(), empty_label=None)
    number = forms.CharField(
        label=_("Extension"), max_length=32, widget=forms.TextInput(attrs={"data-autofocus": "", "inputmode": "tel"})
    )

    def __init__(self, *args: Any, by: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        connector, member = self.fields["connector"], self.fields["member"]
        assert isinstance(connector, forms.ModelChoiceField) and isinstance(member, forms.ModelChoiceField)
        connector.queryset = reach.with_extensions(by)
        member.queryset = Member.objects.for_org(by.organization_id).filter(is_active=True)


class RehearsalForm(forms.Form):
    """A test call."""

    phone = forms.CharField(
        label=_("Who calls"), max_length=32, initial="+7 923 000-00-01", widget=forms.TextInput(attrs={"type": "tel"})
    )
    course = forms.ChoiceField(label=_("How it goes"), choices=COURSES)
    line = forms.ModelChoiceField(
        label=_("Line"),
        queryset=Line.objects.none(),
        required=False,
        empty_label=_("Not told"),
        to_field_name="number",
    )
    extension = forms.ChoiceField(label=_("Extension"), required=False)

    def __init__(self, *args: Any, connector: Connector, by: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["line"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = reach.lines_of(by, connector)
        if registry()[connector.kind].has_extensions:
            rung = [(one.number, f"{one.number} · {one.member.name}") for one in connector.extensions.all()]
            extension = self.fields["extension"]
            assert isinstance(extension, forms.ChoiceField)
            extension.choices = [("", _("Not told")), *rung]
        else:
            del self.fields["extension"]


class FilterForm(forms.Form):
    """What the list of calls is narrowed to. Every field has a place in the address, so that a list can be shared."""

    q = forms.CharField(label=_("Search"), max_length=100, required=False)
    kept = forms.ChoiceField(choices=KEPT, required=False, widget=forms.HiddenInput)
    direction = forms.ChoiceField(label=_("Direction"), choices=DIRECTIONS, required=False)
    result = forms.ChoiceField(label=_("Result"), choices=RESULTS, required=False)
    period = forms.ChoiceField(label=_("Period"), choices=PERIODS, required=False)
    since = forms.DateField(label=_("From day"), required=False, widget=_day())
    until = forms.DateField(label=_("To day"), required=False, widget=_day())
    member = forms.ChoiceField(label=_("Member"), required=False)
    line = forms.ChoiceField(label=_("Line"), required=False)
    connector = forms.ChoiceField(label=_("Source"), required=False)
    linked = forms.ChoiceField(label=_("Whose number"), choices=LINKED, required=False)

    def __init__(self, *args: Any, by: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = Member.objects.for_org(by.organization_id).filter(is_active=True).order_by("name", "pk")
        self._offer("member", _("All members"), [(str(one.pk), one.name) for one in members])
        lines = Line.objects.for_org(by.organization_id).order_by("number").values_list("number", "label")
        self._offer("line", _("All lines"), [(number, label or number) for number, label in dict(lines).items()])
        connectors = Connector.objects.for_org(by.organization_id).order_by("name", "pk")
        self._offer("connector", _("All sources"), [(str(one.pk), one.name) for one in connectors])

    def _offer(self, name: str, every: Any, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", every), *choices]

    @property
    def is_narrowed(self) -> bool:
        """Tell whether any filter behind “Filters” is set."""
        return any(self.cleaned_data.get(name) for name in ("member", "line", "connector", "linked"))


class NotesForm(forms.Form):
    """Notes about a call, and which notes whoever writes has seen."""

    notes = forms.CharField(
        label=_("Notes"), max_length=10_000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    seen = forms.CharField(max_length=32, required=False, widget=forms.HiddenInput)

    def clean_seen(self) -> str | None:
        return self.cleaned_data["seen"] or None


class IgnoredForm(forms.Form):
    """A number to be ignored."""

    phone = forms.CharField(
        label=_("Number"), max_length=32, widget=forms.TextInput(attrs={"type": "tel", "data-autofocus": ""})
    )
    note = forms.CharField(label=_("Note"), max_length=200, required=False)
