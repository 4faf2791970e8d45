"""Believable calls for the demo: a PBX, the phone of the restaurant, the calls of the last days. Invented numbers."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import orjson
from django.core.files.base import ContentFile
from django.utils.translation import gettext as _

from ringdesk.accounts.models import Branch, Member, Organization
from ringdesk.core import events
from ringdesk.core.ids import new_id
from ringdesk.crm.models import Client
from ringdesk.telephony import demo_sounds, extensions, frames, lines, links, recordings, sounds
from ringdesk.telephony.call_events import CallEvent as Fact
from ringdesk.telephony.call_events import Direction, Kind, Result, to_json
from ringdesk.telephony.fold import Received, fold
from ringdesk.telephony.models import Call, CallEvent, Connector, PhoneBookEntry, Popup, Recording

CALLS = 120
DAYS = 6
FIRST_EXTENSION = 100
# The line of the protocol's examples rings in the restaurant.
RESTAURANT_LINE, SALON_LINE = "3333333", "3333334"
RECORDED = 6
# Seconds; a long tone says no more than a short one.
LONGEST_SOUND = 60
# The same demo every time.
SEED = 20231
OPENS, CLOSES = 10, 22


@dataclass(frozen=True, slots=True)
class Talk:
    """One call of the demo before it is stored."""

    direction: Direction
    result: Result
    started_at: datetime
    rings: int
    talks: int
    phone: str
    client: Client | None
    member: Member
    extension: str
    by_phone: bool


def populate(
    organization: Organization,
    branches: Sequence[Branch],
    members: Sequence[Member],
    clients: Sequence[Client],
    now: datetime,
) -> dict[str, Connector]:
    """Make a connector of each kind, lines, extensions from 100 on, and the calls of the past days."""
    with events.atomic():
        pbx = links.create(organization, "http_events", _("Office PBX"), branches[0])
        phone = links.create(organization, "phone", _("Restaurant's phone"), branches[0])
        service = links.create(organization, "crm_json", _("Connector service"), branches[0])
        # Without an address it is connected with nobody; its own address tells a dialplan whom to route to.
        asterisk = links.create(organization, "asterisk", _("Office Asterisk"), branches[0])
        _set_up(pbx, branches, members)
        _set_up(asterisk, branches, members)
        _set_up(service, branches, members)
        # Keys of its own, so that its signed notifications can be tried.
        keys = {"api_key": secrets.token_hex(16), "api_salt": secrets.token_hex(16)}
        mango = links.create(organization, "mango", _("Mango Office telephony"), branches[0], own_secrets=keys)
        _set_up(mango, branches, members)
        talks = _talks(branches[0], members, clients, now)
        calls = [_store(talk, phone if talk.by_phone else pbx) for talk in talks]
        Call.objects.bulk_create(call for call, _facts in calls)
        CallEvent.objects.bulk_create(fact for _call, facts in calls for fact in facts)
        Popup.objects.bulk_create(popup for call, _facts in calls if (popup := _popup(call)))
        for connector in (pbx, phone):
            mine = [call for call, _facts in calls if call.connector == connector]
            connector.last_event_at, connector.events_received = mine[-1].last_received_at, 3 * len(mine)
            connector.save(update_fields=["last_event_at", "events_received"])
        _record([call for call, _facts in calls if call.connector == pbx], now)
        PhoneBookEntry.objects.bulk_create(_phone_book(call for call, _facts in calls))
    return {"http_events": pbx, "phone": phone, "crm_json": service, "asterisk": asterisk, "mango": mango}


def _set_up(connector: Connector, branches: Sequence[Branch], members: Sequence[Member]) -> None:
    lines.save(connector, RESTAURANT_LINE, _("Restaurant"), branches[0])
    if len(branches) > 1:
        lines.save(connector, SALON_LINE, _("Salon"), branches[1])
    for number, member in enumerate(members, start=FIRST_EXTENSION):
        extensions.assign(connector, member, str(number))


def _talks(branch: Branch, members: Sequence[Member], clients: Sequence[Client], now: datetime) -> list[Talk]:
    chance = Random(SEED)
    known = [(phone.number, client) for client in clients for phone in client.phones.all()[:1]]
    strangers = [f"+7913555{chance.randrange(10_000):04}" for _number in range(30)]
    moments = sorted(_moments(branch, now, chance))
    return [_talk(at, chance, known, strangers, members) for at in moments]


def _moments(branch: Branch, now: datetime, chance: Random) -> list[datetime]:
    """Return when the calls began: in opening hours of the last days, none in the last ten minutes."""
    midnight = now.astimezone(branch.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    found: list[datetime] = []
    while len(found) < CALLS:
        day = midnight - timedelta(days=chance.randrange(DAYS))
        # Guests call before lunch and before dinner.
        hour = chance.choice((chance.uniform(OPENS, CLOSES), chance.gauss(12, 1), chance.gauss(18, 1.5)))
        at = day + timedelta(hours=min(max(hour, OPENS), CLOSES))
        if at > now - timedelta(minutes=10):
            at -= timedelta(days=DAYS)
        found.append(at.replace(microsecond=chance.randrange(1000) * 1000))
    return found


def _talk(
    at: datetime,
    chance: Random,
    known: Sequence[tuple[str, Client]],
    strangers: Sequence[str],
    members: Sequence[Member],
) -> Talk:
    number, client = chance.choice(known) if known and chance.random() < 0.55 else (chance.choice(strangers), None)
    direction = Direction.OUT if chance.random() < 0.18 else Direction.IN
    if direction is Direction.IN and chance.random() < 0.03:
        number, client = "", None
    is_answered = chance.random() < 0.72
    result = Result.ANSWERED if is_answered else chance.choice((Result.MISSED, Result.MISSED, Result.BUSY))
    position = chance.randrange(min(3, len(members)))
    return Talk(
        direction=direction,
        result=result,
        started_at=at,
        rings=chance.randrange(3, 14) if is_answered else chance.randrange(12, 40),
        talks=chance.randrange(20, 320) if is_answered else 0,
        phone=number,
        client=client,
        member=members[position],
        extension=str(FIRST_EXTENSION + position),
        by_phone=direction is Direction.IN and chance.random() < 0.2,
    )


def _store(talk: Talk, connector: Connector) -> tuple[Call, list[CallEvent]]:
    received = _facts(talk)
    state = fold(received)
    call = Call(
        organization=connector.organization,
        id=new_id(),
        connector=connector,
        branch=connector.branch,
        external_id=f"demo-{talk.started_at.timestamp():.3f}",
        direction=state.direction,
        state=state.state,
        result=state.result,
        phone=state.phone,
        line=state.line,
        extension=state.extension,
        extensions=list(state.extensions),
        member=talk.member if state.extension else None,
        client=talk.client,
        started_at=state.started_at,
        answered_at=state.answered_at,
        ended_at=state.ended_at,
        duration=state.duration,
        first_received_at=received[0].received_at,
        last_received_at=received[-1].received_at,
        end_received_at=received[-1].received_at,
        trace=_trace(talk, connector),
    )
    return call, [_event(call, fact) for fact in received]


def _facts(talk: Talk) -> list[Received]:
    fact = Fact(Kind.RINGING, "demo", talk.direction, talk.phone)
    if not talk.by_phone:
        fact = replace(fact, extension=talk.extension, line=RESTAURANT_LINE if talk.direction is Direction.IN else "")
    answered_at = talk.started_at + timedelta(seconds=talk.rings)
    ended_at = answered_at + timedelta(seconds=talk.talks)
    facts = [Received(fact, talk.started_at)]
    if talk.result is Result.ANSWERED:
        facts.append(Received(replace(fact, kind=Kind.ANSWERED), answered_at))
    facts.append(Received(replace(fact, kind=Kind.ENDED, result=talk.result), ended_at))
    return facts


def _trace(talk: Talk, connector: Connector) -> list[dict[str, Any]]:
    if talk.direction is not Direction.IN:
        return []
    at = frames.moment(talk.started_at + timedelta(milliseconds=4))
    return [{"at": at, "kind": "shown", "member_id": talk.member.pk, "tabs": 1}]


def _event(call: Call, received: Received) -> CallEvent:
    shape = to_json(received.event)
    return CallEvent(
        organization=call.organization,
        call=call,
        kind=received.event.kind,
        received_at=received.received_at,
        digest=hashlib.blake2b(orjson.dumps(shape, option=orjson.OPT_SORT_KEYS), digest_size=16).digest(),
        event=shape,
        raw={"demo": True},
    )


def _popup(call: Call) -> Popup | None:
    if call.direction != Direction.IN:
        return None
    expires_at = call.started_at + timedelta(seconds=call.organization.popup_seconds)
    return Popup(
        organization=call.organization,
        branch=call.branch,
        call=call,
        created_at=call.started_at,
        expires_at=expires_at,
        answered_by=call.member if call.answered_at else None,
    )


def _record(calls: Sequence[Call], now: datetime) -> None:
    """Give the latest talks a recording, so that the player is seen at once."""
    talks = sorted((call for call in calls if call.answered_at), key=lambda call: call.started_at, reverse=True)
    for call in talks[:RECORDED]:
        assert call.answered_at and call.ended_at
        length = min((call.ended_at - call.answered_at).total_seconds(), LONGEST_SOUND)
        sound = demo_sounds.tones(length)
        wish = f"{call.organization_id}/{call.started_at:%Y/%m}/{call.pk}.wav"
        Recording.objects.create(
            organization=call.organization,
            call=call,
            state=Recording.State.STORED,
            reference="demo",
            file=recordings.storage().save(wish, ContentFile(sound)),
            content_type=sounds.WAV.content_type,
            size=len(sound),
            stored_at=now,
        )


def _phone_book(calls: Any) -> list[PhoneBookEntry]:
    entries: dict[str, PhoneBookEntry] = {}
    for call in calls:
        if call.direction != Direction.IN or not call.phone:
            continue
        entry = entries.get(call.phone)
        if entry is None:
            entry = PhoneBookEntry(organization=call.organization, phone=call.phone, calls=0, first_at=call.started_at)
            entries[call.phone] = entry
        entry.calls, entry.last_at, entry.last_call = entry.calls + 1, call.started_at, call
    return list(entries.values())
