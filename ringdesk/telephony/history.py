"""Lists of past calls: whose a member may see, how they are searched and narrowed."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from django.db.models import Q, QuerySet

from ringdesk.accounts.models import Member
from ringdesk.core import phones
from ringdesk.core.asked import searched
from ringdesk.crm import searching
from ringdesk.crm.models import Client, Contract, Lead
from ringdesk.telephony.models import Call


class Period(StrEnum):
    """A stretch of days that ends today."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    WEEK = "week"
    MONTH = "month"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of calls is narrowed to. ``result``: a Call.Result, "unanswered", "open", or "" for all."""

    text: str = ""
    direction: str = ""
    result: str = ""
    period: Period = Period.ALL


def visible_to(member: Member) -> QuerySet[Call]:
    """Return the calls this seat may see: all, or, when limited to branches, those of its branches and of none."""
    calls = Call.objects.for_org(member.organization_id)
    branches = [branch.pk for branch in member.branches.all()]
    return calls.filter(Q(branch__in=branches) | Q(branch__isnull=True)) if branches else calls


def with_names(calls: QuerySet[Call]) -> QuerySet[Call]:
    """Return the calls with what a list shows of them: who called and who answered.

    Prefetched, not joined: joined, PostgreSQL sorts all calls (0.3 s of 100,000) instead of walking the index.
    """
    return calls.defer("trace").prefetch_related("client", "contract__client", "lead", "member")


def search(member: Member, filters: Filters, now: datetime, zone: tzinfo) -> QuerySet[Call]:
    """Return the calls the filters leave, newest first, with everything a list shows of them."""
    calls = with_names(visible_to(member))
    if filters.direction:
        calls = calls.filter(direction=filters.direction)
    calls = _with_result(calls, filters.result)
    since, until = bounds(filters.period, now, zone)
    if since:
        calls = calls.filter(first_received_at__gte=since)
    if until:
        calls = calls.filter(first_received_at__lt=until)
    if filters.text.strip():
        calls = calls.filter(matching(member.organization_id, filters.text))
    return calls.order_by("-first_received_at", "-id")


def bounds(period: Period, now: datetime, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
    """Return start (inclusive) and end (exclusive) of a period of whole days in ``zone``; None is no bound. Pure."""
    today = now.astimezone(zone).date()
    days = {Period.TODAY: 0, Period.YESTERDAY: 1, Period.WEEK: 6, Period.MONTH: 29}
    if period not in days:
        return None, None
    since = _midnight(today - timedelta(days=days[period]), zone)
    return since, _midnight(today, zone) if period is Period.YESTERDAY else None


def matching(organization_id: int, text: str) -> Q:
    """Return the condition of calls whose number, or whose client's, contract's or lead's name, holds this text."""
    text = searched(text)
    contracts = Contract.objects.for_org(organization_id)
    if parts := number_parts(text):
        found = Q(contract__in=contracts.filter(number__icontains=text).values("pk"))
        for digits in parts:
            found |= Q(phone__contains=digits)
        return found
    clients = searching.search(organization_id, text).order_by().values("pk")
    contracts = contracts.filter(Q(number__icontains=text) | Q(client__in=clients))
    leads = Lead.objects.for_org(organization_id).filter(name__icontains=text)
    return Q(client__in=clients) | Q(contract__in=contracts.values("pk")) | Q(lead__in=leads.values("pk"))


def number_parts(text: str) -> list[str]:
    """Return the digits to look for in stored numbers: ``8 923 …`` is also what is stored as ``+7923…``. Pure."""
    if any(character.isalpha() for character in text):
        return []
    digits = phones.digits_of(text)
    if not digits:
        return []
    return [digits, "7" + digits[1:]] if digits[0] == "8" and len(digits) > 1 else [digits]


def of_client(client: Client, member: Member) -> QuerySet[Call]:
    """Return the client's calls, newest first: linked to them or to a contract of theirs."""
    mine = Q(client=client) | Q(contract__client=client)
    return with_names(visible_to(member)).filter(mine).order_by("-first_received_at", "-id")


def _with_result(calls: QuerySet[Call], result: str) -> QuerySet[Call]:
    if result == "open":
        return calls.exclude(state=Call.State.ENDED)
    if result == "unanswered":
        return calls.filter(state=Call.State.ENDED, answered_at__isnull=True).exclude(result=Call.Result.ANSWERED)
    return calls.filter(result=result) if result else calls


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, zone)
