"""What people fill in about clients and contracts, and by what they filter the list."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ringdesk.accounts.models import Member, Organization
from ringdesk.core.asked import searched
from ringdesk.crm.models import Client, Contract

_NAME_LENGTH = 200
_TAG_LENGTH = 40


class FilterForm(forms.Form):
    """Search, kind and tag of the list. What is not among the choices does not narrow."""

    q = forms.CharField(required=False)
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("People and companies")), *Client.Kind.choices]
    )
    tag = forms.ChoiceField(label=_("Tag"), required=False)

    def __init__(self, data: Any, tags: Iterable[str]) -> None:
        super().__init__(data, auto_id="filter_%s")
        choices = dict.fromkeys([*tags, *([data["tag"]] if data.get("tag") else [])])
        self.fields["tag"] = forms.ChoiceField(
            label=_("Tag"), required=False, choices=[("", _("All tags")), *((tag, tag) for tag in choices)]
        )
        self.is_valid()

    def chosen(self, field: str) -> str:
        """Return what was chosen, or "" where nothing that can be."""
        return searched(str(self.cleaned_data.get(field, "")))


class TagsField(forms.MultipleChoiceField):
    """Tags to tick; any text may come back, because tags are made by using them."""

    def valid_value(self, value: str) -> bool:
        return True


class ClientForm(forms.Form):
    """A client's card. Numbers stand beside it (phone_rows)."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Client.Kind.choices, widget=forms.RadioSelect)
    name = forms.CharField(
        label=pgettext_lazy("client", "Name"),
        max_length=_NAME_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-autofocus": ""}),
    )
    email = forms.EmailField(label=_("E-mail"), required=False, max_length=254)
    about = forms.CharField(
        label=_("Notes"), required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    tags = TagsField(label=_("Tags"), required=False, widget=forms.CheckboxSelectMultiple)
    new_tags = forms.CharField(
        label=_("More tags"), required=False, max_length=400, help_text=_("Separated by commas.")
    )
    company = forms.CharField(
        label=_("Company"),
        required=False,
        max_length=_NAME_LENGTH,
        widget=forms.TextInput(
            attrs={
                "list": "companies",
                "autocomplete": "off",
                "hx-get": reverse_lazy("crm:client_companies"),
                "hx-trigger": "input changed delay:250ms",
                "hx-target": "#companies",
            }
        ),
    )
    responsible = forms.ModelChoiceField(
        label=_("Responsible"), required=False, queryset=Member.objects.none(), empty_label=_("Nobody")
    )
    is_partner = forms.BooleanField(label=_("Partner"), required=False)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, organization: Organization, client: Client | None, tags: Iterable[str], **options: Any
    ):
        super().__init__(*args, **options)
        self.organization, self.client = organization, client
        members = Member.objects.for_org(organization).filter(is_active=True)
        if client is not None and client.responsible_id:
            members |= Member.objects.for_org(organization).filter(pk=client.responsible_id)
        responsible, known = self.fields["responsible"], self.fields["tags"]
        assert isinstance(responsible, forms.ModelChoiceField) and isinstance(known, forms.MultipleChoiceField)
        responsible.queryset = members
        known.choices = [(tag, tag) for tag in dict.fromkeys([*(client.tags if client else []), *tags])]

    @staticmethod
    def initial_of(client: Client) -> dict[str, Any]:
        """Return what the form shows at first."""
        plain = ("kind", "name", "email", "about", "tags", "responsible", "is_partner", "version")
        return {field: getattr(client, field) for field in plain} | {
            "company": client.company.name if client.company else ""
        }

    def clean_new_tags(self) -> list[str]:
        tags = [tag.strip() for tag in self.cleaned_data["new_tags"].split(",") if tag.strip()]
        if any(len(tag) > _TAG_LENGTH for tag in tags):
            raise forms.ValidationError(_("A tag has at most %(most)s letters."), params={"most": _TAG_LENGTH})
        return tags

    def clean_company(self) -> Client | None:
        name = " ".join(self.cleaned_data["company"].split())
        current = self.client.company if self.client else None
        if not name or self.data.get("kind") == Client.Kind.COMPANY:
            return None
        if current is not None and current.name == name:
            return current
        companies: Any = Client.objects.for_org(self.organization).filter(kind=Client.Kind.COMPANY, name__iexact=name)
        company: Client | None = companies.order_by("id").first()
        if company is None:
            raise forms.ValidationError(_("There is no company of this name. Add it as a card of its own first."))
        return company

    def wishes(self) -> dict[str, Any]:
        """Return the fields as clients.create and clients.change take them."""
        data = self.cleaned_data
        plain = ("kind", "name", "email", "about", "company", "responsible", "is_partner")
        return {field: data[field] for field in plain} | {"tags": [*data["tags"], *data["new_tags"]]}


class ContractForm(forms.Form):
    """A contract of a client. Numbers stand beside it (phone_rows)."""

    number = forms.CharField(
        label=_("Number"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off", "data-autofocus": ""})
    )
    responsible = forms.ModelChoiceField(
        label=_("Responsible"), required=False, queryset=Member.objects.none(), empty_label=_("As the client’s")
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, organization: Organization, contract: Contract | None, **options: Any) -> None:
        super().__init__(*args, **options)
        members = Member.objects.for_org(organization).filter(is_active=True)
        if contract is not None and contract.responsible_id:
            members |= Member.objects.for_org(organization).filter(pk=contract.responsible_id)
        responsible = self.fields["responsible"]
        assert isinstance(responsible, forms.ModelChoiceField)
        responsible.queryset = members

    def wishes(self) -> dict[str, Any]:
        """Return the fields as contracts.create and contracts.change take them."""
        return {field: self.cleaned_data[field] for field in ("number", "responsible")}
