"""Lists of past calls: whose a member may see, how they are searched and narrowed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from django.contrib.postgres.lookups import DataContains
from django.db.models import F, Q, QuerySet, Value

from ringdesk.accounts.models import Member
from ringdesk.core import paging, phones
from ringdesk.core.asked import searched
from ringdesk.crm import searching
from ringdesk.crm.models import Client, Contract, Lead, grams
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.models import Call

NEWEST_FIRST = ("-first_received_at", "-id")
_OLDEST_FIRST = ("first_received_at", "id")
# Fewer digits are in nearly every number: the newest calls that have them are found sooner by walking the list.
_GRAM = 3
# A name that more clients bear is in so many calls that these, too, are found sooner by walking the list.
_FEW = 300
# A phone tells no ends: after this it is taken to have stopped ringing.
RINGS_AT_MOST = timedelta(seconds=60)


class Period(StrEnum):
    """A stretch of days that ends today, or days of the member's own choice."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    WEEK = "week"
    MONTH = "month"
    OWN = "own"
    ALL = "all"


class Linked(StrEnum):
    """Whose number it is."""

    ALL = ""
    YES = "yes"
    NO = "no"
    HIDDEN = "hidden"


class Kept(StrEnum):
    """Internal calls are a list of their own."""

    OUTSIDE = ""
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of calls is narrowed to. ``result``: a Call.Result, "unanswered", "open", or "" for all.

    ``since``, ``until``: the days of an own period, both included; None is no bound.
    """

    text: str = ""
    direction: str = ""
    result: str = ""
    period: Period = Period.ALL
    since: date | None = None
    until: date | None = None
    member: int | None = None
    line: str = ""
    connector: int | None = None
    linked: Linked = Linked.ALL
    kept: Kept = Kept.OUTSIDE


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, newest first; the cursors of the pages beside it, None where there is none."""

    object_list: list[Call]
    newer: str | None
    older: str | None


def visible_to(member: Member) -> QuerySet[Call]:
    """Return the calls this seat may see: all, or, when limited to branches, those of its branches and of none."""
    calls = Call.objects.for_org(member.organization_id)
    branches = [branch.pk for branch in member.branches.all()]
    return calls.filter(Q(branch__in=branches) | Q(branch__isnull=True)) if branches else calls


def with_names(calls: QuerySet[Call]) -> QuerySet[Call]:
    """Return the calls with what a list shows of them: who called and who answered.

    Prefetched, not joined: joined, PostgreSQL sorts all calls (0.3 s of 100,000) instead of walking the index.
    """
    return calls.defer("trace").prefetch_related(
        "client", "contract__client", "lead", "member", "connector", "recording"
    )


def search(member: Member, filters: Filters, now: datetime, zone: tzinfo) -> QuerySet[Call]:
    """Return the calls the filters leave, newest first, with everything a list shows of them."""
    calls = with_names(visible_to(member))
    if filters.kept is Kept.INTERNAL:
        calls = calls.filter(direction=Call.Direction.INTERNAL)
    elif filters.direction:
        calls = calls.filter(direction=filters.direction)
    else:
        calls = calls.exclude(direction=Call.Direction.INTERNAL)
    calls = _with_result(calls, filters.result, now)
    since, until = bounds(filters.period, now, zone, filters.since, filters.until)
    if since:
        calls = calls.filter(first_received_at__gte=since)
    if until:
        calls = calls.filter(first_received_at__lt=until)
    plain = {"member_id": filters.member, "connector_id": filters.connector, "line": filters.line}
    calls = calls.filter(**{name: value for name, value in plain.items() if value})
    calls = _linked(calls, filters.linked)
    if filters.text.strip():
        calls = calls.filter(matching(member.organization_id, filters.text))
    return calls.order_by(*NEWEST_FIRST)


def page_of(calls: QuerySet[Call], *, limit: int, after: str = "", before: str = "") -> Page:
    """Return the page after (older than) a cursor, or before (newer than) one, or the newest. Raises Invalid."""
    if before:
        found, more = paging.page(calls, _OLDEST_FIRST, limit=limit, after=before)
        found.reverse()
        if more:
            return Page(found, _cursor(found[0]), _cursor(found[-1]))
        # Fewer than a page: the newest ones, whole.
        after = ""
    found, older = paging.page(calls, NEWEST_FIRST, limit=limit, after=after or None)
    return Page(found, _cursor(found[0]) if after and found else None, older)


def bounds(
    period: Period, now: datetime, zone: tzinfo, first: date | None = None, last: date | None = None
) -> tuple[datetime | None, datetime | None]:
    """Return start (inclusive) and end (exclusive) of a period of whole days in ``zone``; None is no bound. Pure."""
    if period is Period.OWN:
        return _midnight(first, zone) if first else None, _midnight(last + timedelta(days=1), zone) if last else None
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
        # Ids, not subqueries: PostgreSQL then puts the indexes together instead of reading every call.
        found = Q(contract__in=_few(contracts.filter(number__icontains=text)))
        for digits in parts:
            found |= holding(digits)
        return found
    clients = _few(searching.search(organization_id, text).order_by())
    contracts = contracts.filter(Q(number__icontains=text) | Q(client__in=clients))
    leads = Lead.objects.for_org(organization_id).filter(name__icontains=text)
    return Q(client__in=clients) | Q(contract__in=_few(contracts)) | Q(lead__in=_few(leads))


def holding(digits: str) -> Q:
    """Return the condition of calls whose number has these digits anywhere; three and more are found by index."""
    held = Q(phone__contains=digits)
    if len(digits) < _GRAM:
        return held
    # Calls that are over and those that are not stand in an index each.
    over = Q(DataContains(grams(F("phone")), grams(Value(digits))), state=Call.State.ENDED)
    return (over | ~Q(state=Call.State.ENDED)) & held


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
    return with_names(visible_to(member)).filter(mine).order_by(*NEWEST_FIRST)


def seems_over(call: Call, now: datetime) -> bool:
    """Tell whether a call that is still ringing rings no more: its source, a phone, tells no ends."""
    kind = registry().get(call.connector.kind)
    is_silent = kind is not None and kind.ends_silently
    return is_silent and call.state == Call.State.RINGING and now - call.last_received_at > RINGS_AT_MOST


def _few(rows: QuerySet[Any]) -> Sequence[int] | QuerySet[Any, Any]:
    """Return the ids of rows, so that PostgreSQL goes by its indexes; of very many, the question itself."""
    ids = list(rows.values_list("pk", flat=True)[: _FEW + 1])
    return ids if len(ids) <= _FEW else rows.values("pk")


def _with_result(calls: QuerySet[Call], result: str, now: datetime) -> QuerySet[Call]:
    silent = [kind for kind, one in registry().items() if one.ends_silently]
    over = Q(state=Call.State.RINGING, connector__kind__in=silent, last_received_at__lte=now - RINGS_AT_MOST)
    if result == "open":
        return calls.exclude(state=Call.State.ENDED).exclude(over)
    if result == "unanswered":
        return calls.filter(state=Call.State.ENDED, answered_at__isnull=True).exclude(result=Call.Result.ANSWERED)
    return calls.filter(result=result) if result else calls


def _linked(calls: QuerySet[Call], linked: Linked) -> QuerySet[Call]:
    nobodys = Q(client__isnull=True, contract__isnull=True, lead__isnull=True)
    if linked is Linked.YES:
        return calls.exclude(nobodys)
    if linked is Linked.NO:
        return calls.filter(nobodys).exclude(phone="")
    return calls.filter(phone="") if linked is Linked.HIDDEN else calls


def _cursor(call: Call) -> str:
    return paging.encode([call.first_received_at, call.pk])


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, zone)
