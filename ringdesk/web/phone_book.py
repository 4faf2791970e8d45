"""The phone book: every incoming number, whose it is, when and how often it called, and what became of it."""

from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.accounts.models import Member
from ringdesk.crm import searching
from ringdesk.crm.models import Client, Phone
from ringdesk.telephony import history
from ringdesk.telephony.models import Call, PhoneBookEntry

PER_PAGE = 25
PICKED_FROM = 12


@dataclass(frozen=True, slots=True)
class Row:
    """A number as the lists show it. ``became``: ringing, reserved, booked, answered, missed; "" when nobody knows."""

    entry: PhoneBookEntry
    clients: list[Client]
    became: str
    call: Call | None

    @property
    def client(self) -> Client | None:
        """Return whose number it is when that is not open."""
        return self.clients[0] if len(self.clients) == 1 else None


def entries(member: Member, text: str) -> QuerySet[PhoneBookEntry]:
    """Return the numbers that called, newest first, whose number or guest's name holds ``text``."""
    found = PhoneBookEntry.objects.for_org(member.organization_id).select_related("last_call__client")
    branches = [branch.pk for branch in member.branches.all()]
    if branches:
        found = found.filter(Q(last_call__branch__in=branches) | Q(last_call__branch__isnull=True))
    text = text.strip()
    if text:
        found = found.filter(_matching(member.organization_id, text))
    return found.order_by("-last_at", "-id")


def _matching(organization_id: int, text: str) -> Q:
    if parts := history.number_parts(text):
        condition = Q()
        for digits in parts:
            condition |= Q(phone__contains=digits)
        return condition
    clients = searching.search(organization_id, text).order_by().values("pk")
    named = Phone.objects.for_org(organization_id).filter(Q(client__in=clients) | Q(contract__client__in=clients))
    return Q(phone__in=named.order_by().values("number"))


def rows(member: Member, page: Page[PhoneBookEntry] | list[PhoneBookEntry]) -> list[Row]:
    """Return the entries with their guests: one query for all of them."""
    listed = list(page)
    owners: dict[str, dict[int, Client]] = {}
    phones = Phone.objects.for_org(member.organization_id).filter(number__in=[entry.phone for entry in listed])
    for phone in phones.select_related("client", "contract__client").order_by("id"):
        client = phone.client or (phone.contract.client if phone.contract else None)
        if client:
            owners.setdefault(phone.number, {}).setdefault(client.pk, client)
    return [
        Row(entry, list(owners.get(entry.phone, {}).values()), became(entry.last_call), entry.last_call)
        for entry in listed
    ]


def became(call: Call | None) -> str:
    """Return in one word what became of the number's last call."""
    if call is None:
        return ""
    if call.outcome_kind in ("reservation", "booking"):
        return "reserved" if call.outcome_kind == "reservation" else "booked"
    if call.state != Call.State.ENDED:
        return "ringing" if call.state == Call.State.RINGING else "answered"
    if call.result is None:
        return ""
    return "answered" if call.result == Call.Result.ANSWERED else "missed"


@require_GET
@member_required("calls.see")
def phonebook(request: SeatedRequest) -> HttpResponse:
    """Show the phone book: a panel over any page, or a page of its own."""
    text = request.GET.get("q", "")
    page = Paginator(entries(request.member, text), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "rows": rows(request.member, page), "text": text}
    if not request.htmx:
        return render(request, "web/phonebook.html", context)
    is_list = request.htmx.target == "phonebook-list"
    return render(request, "web/_phonebook_list.html" if is_list else "web/_phonebook.html", context)


@require_GET
@member_required("calls.see")
def phonebook_pick(request: SeatedRequest) -> HttpResponse:
    """Show the latest numbers inside an open card; a click fills its phone and guest (assets/pick.ts)."""
    latest = list(entries(request.member, request.GET.get("q", ""))[:PICKED_FROM])
    return render(request, "web/_phonebook_pick.html", {"rows": rows(request.member, latest)})
