"""HTTP API: clients, contracts, leads."""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Field, Path, Query, Router, Status

from ringdesk.accounts.api_auth import Caller, allowed
from ringdesk.accounts.models import Member
from ringdesk.accounts.resources import ApiRequest, made, named, own, page_of, region, shown
from ringdesk.core import phones as spelling
from ringdesk.core.preconditions import expected_version
from ringdesk.core.problems import Forbidden
from ringdesk.core.schemas import Id, Input, Page, Paging, Text
from ringdesk.crm import clients, contracts, leads
from ringdesk.crm.models import Client, Contract, Lead, Phone
from ringdesk.crm.schemas import (
    ClientIn,
    ClientOut,
    ClientPatch,
    ContractIn,
    ContractOut,
    ContractPatch,
    Kind,
    LeadIn,
    LeadOut,
    LeadPatch,
    MergeIn,
    written,
)

router = Router()
SomeModel = TypeVar("SomeModel", bound=Model)


class ClientFilter(Paging):
    """What the list of clients is narrowed to."""

    phone: Text | None = Field(None, max_length=60, description="Whole number in any spelling, also a contract’s.")
    q: Text | None = Field(None, max_length=100, description="Any part of the name or of a number.")
    kind: Kind | None = None
    tag: Text | None = None


class ContractFilter(Paging):
    """What the list of contracts is narrowed to."""

    client_id: Id | None = None
    number: Text | None = None
    phone: Text | None = Field(None, max_length=60, description="Whole number in any spelling.")


class LeadFilter(Paging):
    """What the list of leads is narrowed to."""

    stage: Text | None = None
    phone: Text | None = Field(None, max_length=60, description="Whole number in any spelling.")
    client_id: Id | None = None


@router.get("/clients", auth=allowed("clients:read"), response=Page[ClientOut], tags=["clients"])
def list_clients(request: ApiRequest, wish: Query[ClientFilter]) -> dict[str, Any]:
    """Clients, oldest first. `phone` finds by the whole number, `q` searches."""
    caller = request.auth
    found: QuerySet[Client] = _all(caller, Client)
    if wish.q:
        found = clients.search(caller.organization, wish.q, region=region(caller))
    if wish.phone is not None:
        owners = clients.find_by_phone(caller.organization, wish.phone, region=region(caller))
        found = found.filter(pk__in=[client.pk for client in owners])
    if wish.kind:
        found = found.filter(kind=wish.kind)
    if wish.tag:
        found = found.filter(tags__contains=[wish.tag])
    return page_of(found.prefetch_related("phones"), wish)


@router.post("/clients", auth=allowed("clients:write"), response={201: ClientOut}, tags=["clients"])
def create_client(request: ApiRequest, response: HttpResponse, body: ClientIn) -> Status[Client]:
    """Add a client. A number may stand on several cards."""
    client = clients.create(request.auth.organization, by=request.auth.member, **_wishes(request.auth, body))
    return made(response, client, "clients")


@router.get("/clients/{id}", auth=allowed("clients:read"), response=ClientOut, tags=["clients"])
def get_client(request: ApiRequest, response: HttpResponse, id: Path[Id]) -> Client:
    """One client."""
    return shown(response, own(_all(request.auth, Client), id))


@router.patch("/clients/{id}", auth=allowed("clients:write"), response=ClientOut, tags=["clients"])
def change_client(request: ApiRequest, response: HttpResponse, id: Path[Id], body: ClientPatch) -> Client:
    """Change what is sent; the rest stays."""
    client = own(_all(request.auth, Client), id)
    version = expected_version(request, body.version)
    changed = clients.change(client, version=version, by=request.auth.member, **_wishes(request.auth, body))
    return shown(response, changed)


@router.delete("/clients/{id}", auth=allowed("clients:write"), response={204: None}, tags=["clients"])
def delete_client(request: ApiRequest, id: Path[Id]) -> Status[None]:
    """Delete a client with its numbers and contracts; its calls and reservations stay."""
    clients.delete(own(_all(request.auth, Client), id), by=request.auth.member, version=expected_version(request))
    return Status(204, None)


@router.post("/clients/{id}/merge", auth=allowed("clients:write"), response=ClientOut, tags=["clients"])
def merge_clients(request: ApiRequest, response: HttpResponse, id: Path[Id], body: MergeIn) -> Client:
    """Make duplicates one with this client: numbers, contracts, calls and reservations move here."""
    caller = request.auth
    if caller.member is not None and not caller.member.may("clients.merge"):
        raise Forbidden(_("Your role may not merge clients."))
    others = [own(_all(caller, Client), other) for other in body.others]
    return shown(response, clients.merge(own(_all(caller, Client), id), others, caller.member))


@router.get("/contracts", auth=allowed("contracts:read"), response=Page[ContractOut], tags=["contracts"])
def list_contracts(request: ApiRequest, wish: Query[ContractFilter]) -> dict[str, Any]:
    """Contracts, oldest first."""
    found: QuerySet[Contract] = _all(request.auth, Contract)
    if wish.client_id:
        found = found.filter(client=wish.client_id)
    if wish.number:
        found = found.filter(number=wish.number)
    found = _with_number(request.auth, found, "contract", wish.phone)
    return page_of(found.prefetch_related("phones"), wish)


@router.post("/contracts", auth=allowed("contracts:write"), response={201: ContractOut}, tags=["contracts"])
def create_contract(request: ApiRequest, response: HttpResponse, body: ContractIn) -> Status[Contract]:
    """Add a contract to a client. Its number is unique in the organization (409)."""
    wishes = _wishes(request.auth, body)
    return made(response, contracts.create(wishes.pop("client"), by=request.auth.member, **wishes), "contracts")


@router.get("/contracts/{id}", auth=allowed("contracts:read"), response=ContractOut, tags=["contracts"])
def get_contract(request: ApiRequest, response: HttpResponse, id: Path[Id]) -> Contract:
    """One contract."""
    return shown(response, own(_all(request.auth, Contract), id))


@router.patch("/contracts/{id}", auth=allowed("contracts:write"), response=ContractOut, tags=["contracts"])
def change_contract(request: ApiRequest, response: HttpResponse, id: Path[Id], body: ContractPatch) -> Contract:
    """Change what is sent; the rest stays."""
    contract = own(_all(request.auth, Contract), id)
    version = expected_version(request, body.version)
    changed = contracts.change(contract, version=version, by=request.auth.member, **_wishes(request.auth, body))
    return shown(response, changed)


@router.delete("/contracts/{id}", auth=allowed("contracts:write"), response={204: None}, tags=["contracts"])
def delete_contract(request: ApiRequest, id: Path[Id]) -> Status[None]:
    """Delete a contract with its numbers; its calls stay."""
    contract = own(_all(request.auth, Contract), id)
    contracts.delete(contract, by=request.auth.member, version=expected_version(request))
    return Status(204, None)


@router.get("/leads", auth=allowed("leads:read"), response=Page[LeadOut], tags=["leads"])
def list_leads(request: ApiRequest, wish: Query[LeadFilter]) -> dict[str, Any]:
    """Leads, oldest first."""
    found: QuerySet[Lead] = _all(request.auth, Lead)
    if wish.stage:
        found = found.filter(stage=wish.stage)
    if wish.client_id:
        found = found.filter(client=wish.client_id)
    found = _with_number(request.auth, found, "lead", wish.phone)
    return page_of(found.prefetch_related("phones"), wish)


@router.post("/leads", auth=allowed("leads:write"), response={201: LeadOut}, tags=["leads"])
def create_lead(request: ApiRequest, response: HttpResponse, body: LeadIn) -> Status[Lead]:
    """Add a lead."""
    lead = leads.create(request.auth.organization, by=request.auth.member, **_wishes(request.auth, body))
    return made(response, lead, "leads")


@router.get("/leads/{id}", auth=allowed("leads:read"), response=LeadOut, tags=["leads"])
def get_lead(request: ApiRequest, response: HttpResponse, id: Path[Id]) -> Lead:
    """One lead."""
    return shown(response, own(_all(request.auth, Lead), id))


@router.patch("/leads/{id}", auth=allowed("leads:write"), response=LeadOut, tags=["leads"])
def change_lead(request: ApiRequest, response: HttpResponse, id: Path[Id], body: LeadPatch) -> Lead:
    """Change what is sent; the rest stays."""
    lead = own(_all(request.auth, Lead), id)
    version = expected_version(request, body.version)
    changed = leads.change(lead, version=version, by=request.auth.member, **_wishes(request.auth, body))
    return shown(response, changed)


@router.delete("/leads/{id}", auth=allowed("leads:write"), response={204: None}, tags=["leads"])
def delete_lead(request: ApiRequest, id: Path[Id]) -> Status[None]:
    """Delete a lead with its numbers; its calls stay."""
    leads.delete(own(_all(request.auth, Lead), id), by=request.auth.member, version=expected_version(request))
    return Status(204, None)


def _all(caller: Caller, model: type[SomeModel]) -> QuerySet[SomeModel]:
    rows: QuerySet[SomeModel] = model.objects.for_org(caller.organization)  # type: ignore[attr-defined]
    return rows


def _with_number(caller: Caller, found: QuerySet[SomeModel], owner: str, number: str | None) -> QuerySet[SomeModel]:
    if number is None:
        return found
    phones = _all(caller, Phone).filter(**{f"{owner}__isnull": False})
    normalized = spelling.normalize(number, region(caller))
    return found.filter(pk__in=phones.filter(number=normalized).values(owner)) if normalized else found.none()


def _wishes(caller: Caller, body: Input) -> dict[str, Any]:
    """Return what was sent as the actions take it: objects for ids, all of this organization."""
    wishes = body.sent()
    for field, (model, refusal) in _REFERENCES.items():
        if field in wishes:
            rows = _all(caller, model)
            wishes[field.removesuffix("_id")] = named(rows, wishes.pop(field), field, refusal)
    if "phones" in wishes:
        wishes["phones"] = written(wishes["phones"])
    return wishes | {"region": region(caller)}


_REFERENCES: dict[str, tuple[type[Model], Any]] = {
    "client_id": (Client, _("There is no such client.")),
    "company_id": (Client, _("There is no such company.")),
    "responsible_id": (Member, _("There is no such member.")),
}
