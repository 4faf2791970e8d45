"""What is filled in about «Call» documents and leads."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ringdesk.accounts.models import Member, Organization
from ringdesk.core.asked import searched
from ringdesk.crm import leads
from ringdesk.crm.interactions import LONGEST_NOTES, Filters
from ringdesk.crm.models import Interaction, Lead


class InteractionFilterForm(forms.Form):
    """Search, direction, result and whose. What is not among the choices does not narrow."""

    q = forms.CharField(required=False)
    direction = forms.ChoiceField(
        label=_("Direction"), required=False, choices=[("", _("All directions")), *Interaction.Direction.choices]
    )
    result = forms.ChoiceField(
        label=_("Result"),
        required=False,
        choices=[
            ("", _("All results")),
            ("answered", pgettext_lazy("call", "Talked")),
            ("unanswered", pgettext_lazy("call", "Not answered")),
        ],
    )
    whose = forms.ChoiceField(label=_("Whose"), required=False, choices=[("", _("Everybody’s")), ("mine", _("Mine"))])

    def __init__(self, data: Any) -> None:
        super().__init__(data, auto_id="filter_%s")
        self.is_valid()

    def filters(self) -> Filters:
        """Return what was chosen."""
        data = self.cleaned_data
        return Filters(
            text=searched(data.get("q", "")),
            direction=data.get("direction", ""),
            result=data.get("result", ""),
            is_mine=data.get("whose") == "mine",
        )


class NotesForm(forms.Form):
    """The notes of a document."""

    notes = forms.CharField(
        label=_("Notes"), required=False, max_length=LONGEST_NOTES, widget=forms.Textarea(attrs={"rows": 6})
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class LeadForm(forms.Form):
    """A lead's card. Numbers stand beside it (phone_rows)."""

    name = forms.CharField(
        label=pgettext_lazy("client", "Name"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-autofocus": ""}),
    )
    stage = forms.ChoiceField(label=_("Stage"))
    responsible = forms.ModelChoiceField(
        label=_("Responsible"), required=False, queryset=Member.objects.none(), empty_label=_("Nobody")
    )
    notes = forms.CharField(
        label=_("Notes"), required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 4})
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, organization: Organization, lead: Lead | None, **options: Any) -> None:
        super().__init__(*args, **options)
        members = Member.objects.for_org(organization).filter(is_active=True)
        if lead is not None and lead.responsible_id:
            members |= Member.objects.for_org(organization).filter(pk=lead.responsible_id)
        responsible, stage = self.fields["responsible"], self.fields["stage"]
        assert isinstance(responsible, forms.ModelChoiceField) and isinstance(stage, forms.ChoiceField)
        responsible.queryset = members
        stage.choices = leads.stages(lead.stage if lead else None)

    def wishes(self) -> dict[str, Any]:
        """Return the fields as leads.create and leads.change take them."""
        return {field: self.cleaned_data[field] for field in ("name", "stage", "responsible", "notes")}


class ConvertForm(forms.Form):
    """The lead is won: a client, and a contract where its number is written."""

    contract = forms.CharField(
        label=_("Number of the contract"), required=False, max_length=60, help_text=_("Empty: a client alone.")
    )


class LeadFilterForm(forms.Form):
    """Search and stage of the list."""

    q = forms.CharField(required=False)
    stage = forms.ChoiceField(label=_("Stage"), required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data, auto_id="filter_%s")
        stage = self.fields["stage"]
        assert isinstance(stage, forms.ChoiceField)
        stage.choices = [("", _("All stages")), *leads.stages(data.get("stage"))]
        self.is_valid()

    def chosen(self, field: str) -> str:
        """Return what was chosen, or ""."""
        return searched(str(self.cleaned_data.get(field, "")))
