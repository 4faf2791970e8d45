"""Clients, contracts and leads as the HTTP API shows and takes them."""

from datetime import datetime
from typing import Literal

from ninja import Field, Schema

from ringdesk.core.schemas import ABSENT, Id, Input, Text, Version
from ringdesk.crm import numbers
from ringdesk.crm.models import Client, Contract, Lead
from ringdesk.crm.numbers import Written

Kind = Literal["person", "company"]


class PhoneOut(Schema):
    """A number of a card, in E.164 where it is one."""

    number: str
    label: str


class PhoneIn(Input):
    """A number in any spelling."""

    number: Text = Field(max_length=60, examples=["+7 923 000-00-01"])
    label: Text = ""


Phones = list[PhoneIn | Text]


class ClientOut(Schema):
    """A person or a company."""

    id: int
    kind: Kind
    name: str
    phones: list[PhoneOut]
    about: str
    email: str
    tags: list[str]
    company_id: int | None = Field(description="The company whose contact this person is.")
    responsible_id: int | None = Field(description="The member responsible.")
    is_partner: bool
    version: int
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_phones(client: Client) -> list[dict[str, str]]:
        return shown_phones(client)


class ClientIn(Input):
    """A new client."""

    name: Text = Field(min_length=1, max_length=200)
    kind: Kind = "person"
    phones: Phones = Field(default_factory=list, max_length=numbers.MOST)
    about: Text = Field("", max_length=10_000)
    email: Text = Field("", max_length=254)
    tags: list[Text] = Field(default_factory=list, max_length=30)
    company_id: Id | None = None
    responsible_id: Id | None = None
    is_partner: bool = False


class ClientPatch(Input):
    """What of a client becomes another; ``phones`` and ``tags`` are whole lists. Absent fields stay."""

    name: Text = Field(ABSENT, min_length=1, max_length=200)
    kind: Kind = ABSENT
    phones: Phones = Field(ABSENT, max_length=numbers.MOST)
    about: Text = Field(ABSENT, max_length=10_000)
    email: Text = Field(ABSENT, max_length=254)
    tags: list[Text] = Field(ABSENT, max_length=30)
    company_id: Id | None = None
    responsible_id: Id | None = None
    is_partner: bool = ABSENT
    version: Version | None = Field(None, description="The version you have seen; as `If-Match`.")


class MergeIn(Input):
    """The duplicates that become one with the client of the address."""

    others: list[Id] = Field(min_length=1, max_length=19)


class ContractOut(Schema):
    """An agreement of a client."""

    id: int
    number: str
    client_id: int
    responsible_id: int | None
    phones: list[PhoneOut]
    version: int
    created_at: datetime

    @staticmethod
    def resolve_phones(contract: Contract) -> list[dict[str, str]]:
        return shown_phones(contract)


class ContractIn(Input):
    """A new contract."""

    number: Text = Field(min_length=1, max_length=60)
    client_id: Id
    phones: Phones = Field(default_factory=list, max_length=numbers.MOST)
    responsible_id: Id | None = None


class ContractPatch(Input):
    """What of a contract becomes another. Absent fields stay."""

    number: Text = Field(ABSENT, min_length=1, max_length=60)
    client_id: Id = ABSENT
    phones: Phones = Field(ABSENT, max_length=numbers.MOST)
    responsible_id: Id | None = None
    version: Version | None = Field(None, description="The version you have seen; as `If-Match`.")


class LeadOut(Schema):
    """Somebody not won yet."""

    id: int
    name: str
    stage: str
    notes: str
    client_id: int | None = Field(description="The client this lead has become.")
    responsible_id: int | None
    phones: list[PhoneOut]
    version: int
    created_at: datetime

    @staticmethod
    def resolve_phones(lead: Lead) -> list[dict[str, str]]:
        return shown_phones(lead)


class LeadIn(Input):
    """A new lead."""

    name: Text = Field(min_length=1, max_length=200)
    stage: Text = Field("new", min_length=1, max_length=40)
    notes: Text = Field("", max_length=10_000)
    phones: Phones = Field(default_factory=list, max_length=numbers.MOST)
    client_id: Id | None = None
    responsible_id: Id | None = None


class LeadPatch(Input):
    """What of a lead becomes another. Absent fields stay."""

    name: Text = Field(ABSENT, min_length=1, max_length=200)
    stage: Text = Field(ABSENT, min_length=1, max_length=40)
    notes: Text = Field(ABSENT, max_length=10_000)
    phones: Phones = Field(ABSENT, max_length=numbers.MOST)
    client_id: Id | None = None
    responsible_id: Id | None = None
    version: Version | None = Field(None, description="The version you have seen; as `If-Match`.")


def shown_phones(card: Client | Contract | Lead) -> list[dict[str, str]]:
    """Return the numbers of a card."""
    return [{"number": phone.number, "label": phone.label} for phone in card.phones.all()]


def written(phones: Phones) -> list[Written]:
    """Return the numbers as the actions take them."""
    return [Written(phone) if isinstance(phone, str) else Written(phone.number, phone.label) for phone in phones]
