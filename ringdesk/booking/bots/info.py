"""All that an assistant must know to book, small enough for its instructions, kept until anything of it changes.

What is kept is good as long as the branches' numbers stand (versions.py) and no offered time has passed meanwhile.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db.models import Min
from django.utils import timezone

from ringdesk.accounts.models import Branch
from ringdesk.booking import offers, openings, versions
from ringdesk.booking.bots import answers
from ringdesk.booking.models import Booking
from ringdesk.booking.offers import Offer
from ringdesk.booking.openings import Limits
from ringdesk.booking.versions import NEVER, Version
from ringdesk.scheduling import loading
from ringdesk.scheduling.minutes import to_moment

LARGEST = 64 * 1024
DAYS = 14
_FEWER_DAYS = (10, 7, 5, 4, 3, 2, 1, 0)
# What stands around the branches.
_WRAPPING = 64
_MOST_KEPT = 500
Key = tuple[tuple[int, str, str, str, Version], ...]


@dataclass(frozen=True, slots=True)
class Info:
    """``value`` is what the function returns, ``body`` the same as JSON; it is good until ``until``."""

    version: str
    value: dict[str, Any]
    body: bytes
    until: datetime


_kept: dict[tuple[int, ...], tuple[Key, Info]] = {}


def of(rows: Iterable[Branch]) -> Info:
    """Return what there is to know of these branches of one organization. Two queries where nothing has changed."""
    branches = list(rows)
    now = timezone.now()
    numbers = versions.of_all(branches[0].organization_id, [each.pk for each in branches]) if branches else {}
    ids = tuple(each.pk for each in branches)
    key = tuple(
        (each.pk, each.name, each.address, each.timezone, numbers.get(each.pk, NEVER)) for each in branches
    )  # fmt: skip
    known = _kept.get(ids)
    if known is not None and known[0] == key and now <= known[1].until:
        return known[1]
    made = _made(branches, numbers, now, key)
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept[ids] = (key, made)
    return made


def _made(branches: list[Branch], numbers: Mapping[int, Version], now: datetime, key: Key) -> Info:
    ends = [now + timedelta(hours=1)]
    companies = []
    for branch in branches:
        offer = offers.at(branch, numbers.get(branch.pk, NEVER).catalogue)
        if offer.online():
            company, until = _company(branch, offer, now)
            companies.append(company)
            ends.append(until)
    companies, body = _fitting(companies)
    # Another one after every change of the branches, and when time takes a start away.
    version = hashlib.sha256(repr(key).encode() + body).hexdigest()[:16]
    value = {"version": version, "companies": companies}
    return Info(version, value, orjson.dumps(value), min(ends))


def _company(branch: Branch, offer: Offer, now: datetime) -> tuple[dict[str, Any], datetime]:
    services = offer.online()
    shown = {each.pk for each in services}
    free, until = _free(branch, offer, now)
    company = {
        "id": branch.pk,
        "name": branch.name,
        "address": branch.address,
        "services": [
            answers.service(each) | {"category": _category(offer, each.category_id)} for each in services
        ],
        "employees": [
            {
                "id": each.id,
                "name": each.name,
                "job_title": offer.job_title_of(each),
                "service_ids": [id for id in offer.services if id in each.skills and id in shown],
            }
            for each in offer.specialists.values()
        ],
        "free": free,
    }  # fmt: skip
    return company, until


def _free(branch: Branch, offer: Offer, now: datetime) -> tuple[list[dict[str, Any]], datetime]:
    """Return the free times of every service, and until when they stay true if nobody books."""
    today = now.astimezone(branch.zone).date()
    busy = openings.busy(branch, offer, today, DAYS, now=now)
    span = loading.day_span(branch, today, DAYS)
    ends = [to_moment(loading.day_span(branch, today).end)]
    known: dict[object, dict[str, list[str]]] = {}
    found = []
    for service in offer.online():
        plan = openings.plan(offer, [service.pk], online=True)
        able = offer.providing([service.pk])
        limits = openings.limits(offer, plan, branch, now)
        same = _shape(plan.visit, plan, [each.id for each in able], limits) if plan.capacity == 1 else service.pk
        if same not in known or plan.lengths(able):
            board = openings.board(branch, offer, plan, able, today, DAYS, now=now, busy=busy)
            starts = board.any_starts(offer.settings.step, limits.within(span.start, span.end - 1))
            known[same] = answers.by_day(branch, starts)
            if starts:
                ends.append(now + (to_moment(starts[0]) - to_moment(limits.not_before)))
        found.append({"service_id": service.pk, "dates": known[same]})
    held = openings.active(branch.organization_id, now).filter(branch=branch, status=Booking.Status.HELD)
    first_end = held.aggregate(first=Min("held_until"))["first"]
    return found, min([*ends, *([first_end] if first_end else [])])


def _shape(visit: object, plan: Any, able: list[int], limits: Limits) -> object:
    return (visit, plan.needed, plan.pool_ids, tuple(able), limits)


def _category(offer: Offer, id: int | None) -> str:
    category = offer.categories.get(id or 0)
    return category.name if category else ""


def _fitting(companies: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], bytes]:
    """Return as much as may be said, and the same as JSON; the last branches are left out if nothing else helps."""
    while True:
        shown = _shared(companies)
        if shown is not None:
            return shown, orjson.dumps(shown)
        companies = companies[: len(companies) // 2]


def _shared(companies: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
    """Return every branch within its part of the room, None where that cannot be.

    All parts are equal, but who has less to say leaves the rest to the others: small branches are never cut short
    for the sake of large ones.
    """
    left = LARGEST - _WRAPPING - len(companies)
    needs = [_room(each) for each in companies]
    shown = list(companies)
    for before, number in enumerate(sorted(range(len(companies)), key=needs.__getitem__)):
        most = left // (len(companies) - before)
        if needs[number] > most:
            shorter = next((each for each in _shorter(companies[number]) if _room(each) <= most), None)
            if shorter is None:
                return None
            shown[number] = shorter
        left -= _room(shown[number])
    return shown


def _shorter(company: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return the branch in ever fewer words: fewer days first, then no descriptions, fewer services."""
    shown = company
    for days in _FEWER_DAYS:
        shown = company | {"free": [_first(one, days) for one in company["free"]]}
        yield shown
    shown = shown | {"services": [one | {"description": ""} for one in company["services"]]}
    yield shown
    while shown["services"] or shown["employees"]:
        shown = _smaller(shown)
        yield shown


def _first(one: dict[str, Any], days: int) -> dict[str, Any]:
    return one | {"dates": dict(list(one["dates"].items())[:days])}


def _smaller(company: dict[str, Any]) -> dict[str, Any]:
    """Return it with half of its services and whoever does one of them, or with half of its specialists."""
    services, employees = company["services"], company["employees"]
    if _room(employees) > _room(services):
        return company | {"employees": employees[: len(employees) // 2]}
    services = services[: len(services) // 2]
    kept = {each["id"] for each in services}
    doing = [each | {"service_ids": [id for id in each["service_ids"] if id in kept]} for each in employees]
    return company | {
        "services": services,
        "employees": [each for each in doing if each["service_ids"]],
        "free": [each for each in company["free"] if each["service_id"] in kept],
    }


def _room(said: Any) -> int:
    return len(orjson.dumps(said))
