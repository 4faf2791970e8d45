"""Calendars as a calendar program reads them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from ringdesk.core import calendars
from ringdesk.core.calendars import Entry

ZONES = ["Europe/Moscow", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Europe/Berlin", "UTC"]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
FIRST, LAST = datetime(2020, 1, 1), datetime(2040, 1, 1)  # noqa: DTZ001  # hypothesis adds the zone
MOMENTS = st.datetimes(FIRST, LAST, timezones=st.sampled_from([*map(ZoneInfo, ZONES)]))


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    starts_at = draw(MOMENTS).replace(microsecond=0)
    return Entry(
        uid=calendars.uid("booking", draw(st.integers(1, 10**12)), draw(MOMENTS)),
        sequence=draw(st.integers(0, 10**6)),
        created_at=draw(MOMENTS).replace(microsecond=0),
        changed_at=draw(MOMENTS).replace(microsecond=0),
        starts_at=starts_at,
        # Of two moments on one wall clock Python subtracts the wall, not the time.
        ends_at=(starts_at.astimezone(UTC) + timedelta(minutes=draw(st.integers(1, 3000)))),
        summary=draw(TEXTS),
        description=draw(TEXTS),
        location=draw(TEXTS),
        is_cancelled=draw(st.booleans()),
    )


@given(st.lists(entries(), max_size=5), st.sampled_from(ZONES), TEXTS.filter(str.strip))
def test_what_is_written_is_what_calendars_read(written: list[Entry], zone: str, name: str) -> None:
    body = calendars.subscribed(name, zone, written)
    # Lines of at most 75 bytes, ended as the standard says, and no byte that a reader would take for a line's end.
    assert body.endswith(b"\r\n") and b"\n" not in body.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    calendar: Any = icalendar.Calendar.from_ical(body)
    assert str(calendar["x-wr-timezone"]) == zone
    assert [
        (
            str(event["uid"]), int(event["sequence"]), event["dtstart"].dt, event["dtend"].dt,
            event["last-modified"].dt, str(event["status"]) == "CANCELLED",
        )
        for event in calendar.walk("VEVENT")
    ] == [
        (one.uid, one.sequence, one.starts_at.astimezone(UTC), one.ends_at.astimezone(UTC),
         one.changed_at.astimezone(UTC), one.is_cancelled)
        for one in written
    ]  # fmt: skip
    assert [str(event["summary"]) for event in calendar.walk("VEVENT")] == [
        calendars._plain(one.summary) for one in written
    ]


@given(st.datetimes(FIRST, LAST, timezones=st.just(UTC)))
def test_the_window_holds_still_all_day(now: datetime) -> None:
    span = calendars.window(now)
    assert span == calendars.window(now.replace(hour=0, minute=0)) == calendars.window(now.replace(hour=23, minute=59))
    assert now - span.start >= calendars.PAST and span.end - now > calendars.AHEAD - timedelta(days=1)


def test_an_unchanged_calendar_is_not_sent_again() -> None:
    moment = datetime(2026, 11, 21, 9, tzinfo=UTC)
    entry = Entry("a@ringdesk", 1, moment, moment, moment, moment + timedelta(hours=1), "Haircut")
    body = calendars.subscribed("Pavel", "Europe/Moscow", [entry])
    first = calendars.answer(RequestFactory().get("/"), body)
    assert (first.status_code, first["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    again = calendars.answer(RequestFactory().get("/", headers={"if-none-match": first["ETag"]}), body)
    assert (again.status_code, b"".join(again)) == (304, b"")
    other = calendars.answer(RequestFactory().get("/", headers={"if-none-match": first["ETag"]}), body + b" ")
    assert other.status_code == 200


@pytest.mark.parametrize("prefix", ["s", "h"])
def test_secrets_cannot_be_guessed(prefix: str) -> None:
    made = {calendars.new_secret(prefix) for _ in range(100)}
    assert len(made) == 100 and all(secret.startswith(prefix) and len(secret) == 44 for secret in made)
