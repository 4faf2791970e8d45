"""Calendars as others subscribe to them: iCalendar (RFC 5545, RFC 7986), behind an address that nobody can guess.

Whoever subscribes gets the whole window again and again, so an entry keeps its ``uid`` for ever, counts its changes
(SEQUENCE), and stays as cancelled rather than being gone. Times are written in UTC: right on every device, also in the
hour that a clock change repeats. Nothing in it depends on the moment of asking, so that an unchanged calendar is the
same bytes and is answered 304.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import icalendar
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response

from ringdesk.core.intervals import Span

TYPE = "text/calendar; charset=utf-8"
PAST = timedelta(days=30)
AHEAD = timedelta(days=365)
REFRESHED_EVERY = timedelta(minutes=15)
_PRODUCT = "-//Ringdesk//Ringdesk//EN"


@dataclass(frozen=True, slots=True)
class Entry:
    """One visit. ``sequence`` grows with every change; all times are aware."""

    uid: str
    sequence: int
    created_at: datetime
    changed_at: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str = ""
    location: str = ""
    is_cancelled: bool = False


def window(now: datetime) -> Span:
    """Return the time that a subscribed calendar shows: it begins and ends at midnight UTC, so as to hold all day."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Span(today - PAST, today + AHEAD)


def uid(kind: str, id: int, created_at: datetime) -> str:
    """Return what the entry is known by for ever, in this installation and beside any other."""
    digest = hashlib.sha256(f"{kind} {id} {created_at.astimezone(UTC).isoformat()}".encode()).hexdigest()
    return f"{kind}-{id}-{digest[:16]}@ringdesk"


def subscribed(name: str, timezone: str, entries: Iterable[Entry]) -> bytes:
    """Return a calendar to subscribe to; ``timezone`` is the zone in which its days are meant."""
    name = " ".join(_plain(name).split())
    calendar = _calendar(entries)
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", timezone)
    calendar.add("refresh-interval", REFRESHED_EVERY, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", "PT15M")
    return calendar.to_ical()  # type: ignore[no-any-return, unused-ignore]


def single(entry: Entry) -> bytes:
    """Return one visit as a file that a client puts into a calendar of their own."""
    return _calendar([entry], method="PUBLISH").to_ical()  # type: ignore[no-any-return, unused-ignore]


def answer(request: HttpRequest, body: bytes) -> HttpResponseBase:
    """Answer with the calendar, or with 304 when that is what the asker has."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    response = HttpResponse(body, content_type=TYPE)
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    response["X-Robots-Tag"] = "noindex"
    found = get_conditional_response(request, etag=etag, response=response)
    return found if found is not None else response


def new_secret(prefix: str) -> str:
    """Return the secret of an address; ``prefix`` tells whose calendar it is to whoever takes the address apart."""
    return prefix + secrets.token_urlsafe(32)


def _calendar(entries: Iterable[Entry], method: str = "") -> icalendar.Calendar:
    calendar = icalendar.Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    if method:
        calendar.add("method", method)
    for entry in entries:
        calendar.add_component(_event(entry))
    return calendar


def _event(entry: Entry) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", _utc(entry.changed_at))
    event.add("created", _utc(entry.created_at))
    event.add("last-modified", _utc(entry.changed_at))
    event.add("dtstart", _utc(entry.starts_at))
    event.add("dtend", _utc(entry.ends_at))
    event.add("summary", _plain(entry.summary))
    if entry.description:
        event.add("description", _plain(entry.description))
    if entry.location:
        event.add("location", _plain(entry.location))
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    # A visit that was called off keeps nobody busy.
    event.add("transp", "TRANSPARENT" if entry.is_cancelled else "OPAQUE")
    return event


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _plain(text: str) -> str:
    """Return the text without control characters, which iCalendar does not allow; line breaks stay."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(letter for letter in unified if letter in "\n\t" or (ord(letter) >= 32 and ord(letter) != 127))
