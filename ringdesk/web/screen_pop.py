"""The screen pop: waiting calls joined with who calls, and what closes them. The rooms meet here."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.accounts.models import Branch, Member
from ringdesk.booking.models import Booking
from ringdesk.crm.models import Client, Phone
from ringdesk.hall.models import Reservation
from ringdesk.telephony import control, popups
from ringdesk.telephony.control import Colleague
from ringdesk.telephony.models import Call, Line, PhoneBookEntry, Popup
from ringdesk.web import new_cards, upcoming
from ringdesk.web.upcoming import Visit

# What counts as a visit: the guests came.
CAME = (Reservation.Course.ARRIVED, Reservation.Course.SEATED, Reservation.Course.FINISHED)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as a popup shows it. ``note`` is what is kept about the guest."""

    id: int
    name: str
    note: str
    tags: list[str]
    visits: int


@dataclass(frozen=True, slots=True)
class PopupCard:
    """One waiting call as ``web/_popup.html`` shows it. ``state``: ringing, answered, missed or ended."""

    id: int
    call_id: UUID
    state: str
    phone: str
    client: Caller | None
    candidates: list[Caller]
    line: str
    line_label: str
    started_at: datetime
    answered_at: datetime | None
    created_at: datetime
    expires_at: datetime
    is_new_caller: bool
    member_name: str
    # Whether the member talks on it and may end it here, and whom they can put it through to.
    is_controlled: bool = False
    colleagues: list[Colleague] = field(default_factory=list)
    actions: frozenset[str] = field(default_factory=frozenset)
    visits: tuple[Visit, ...] = ()


def cards(member: Member, branch: Branch | None, now: datetime) -> list[PopupCard]:
    """Return the popups this member sees at the branch now, oldest first. The same few queries for any number."""
    waiting = list(
        popups.waiting(member, branch, now).select_related(
            "call__client", "call__contract__client", "call__member", "call__connector"
        )
    )
    if not waiting:
        return []
    calls = [popup.call for popup in waiting]
    owners = _owners(member.organization_id, {call.phone for call in calls if call.phone and not _is_linked(call)})
    known = {client.pk: client for call in calls if (client := _client(call))}
    visits = count_visits(member.organization_id, {*known, *(one.pk for some in owners.values() for one in some)})
    labels = _labels(member.organization_id, calls)
    first_time = _first_time(member.organization_id, calls)
    actions = _actions(member, branch)
    expected = upcoming.visits(member, known, {call.phone for call in calls}, now)
    return [
        PopupCard(
            id=popup.pk,
            call_id=popup.call_id,
            state=state_of(popup.call),
            phone=popup.call.phone,
            client=_caller(client, visits) if (client := _client(popup.call)) else None,
            candidates=[_caller(one, visits) for one in owners.get(popup.call.phone, [])],
            line=popup.call.line,
            line_label=labels.get((popup.call.connector_id, popup.call.line), ""),
            started_at=popup.call.started_at,
            answered_at=popup.call.answered_at,
            created_at=popup.created_at,
            expires_at=popup.expires_at,
            is_new_caller=popup.call.phone in first_time,
            member_name=popup.call.member.name if popup.call.member else "",
            is_controlled=(is_controlled := control.may_control(member, popup.call)),
            colleagues=control.colleagues(popup.call) if is_controlled else [],
            actions=actions,
            visits=_visits(popup.call, expected),
        )
        for popup in waiting
    ]


def state_of(call: Call) -> str:
    """Return the popup's word for where the call stands."""
    if call.state == Call.State.RINGING:
        return "ringing"
    if call.state != Call.State.ENDED:
        return "answered"
    return "ended" if call.result in (None, Call.Result.ANSWERED) else "missed"


def count_visits(organization_id: int, clients: Iterable[int]) -> dict[int, int]:
    """Return how often each of these clients came; nobody who never did."""
    came = Reservation.objects.for_org(organization_id).filter(client__in=set(clients), course__in=CAME)
    booked = Booking.objects.for_org(organization_id).filter(client__in=set(clients), status=Booking.Status.ARRIVED)
    counted: Counter[int] = Counter()
    for rows in (came, booked):
        counted.update(dict(rows.order_by().values_list("client").annotate(Count("pk"))))
    return dict(counted)


@require_GET
@member_required()
def waiting_popups(request: SeatedRequest) -> HttpResponse:
    """Show the member's waiting calls (a fragment). Who gets no popups gets an empty one."""
    return _stack(request)


@require_POST
@member_required("popups.see")
def popup_dismiss(request: SeatedRequest, pk: int) -> HttpResponse:
    """Take one popup from all screens of the member."""
    popup = get_object_or_404(Popup.objects.for_org(request.organization), pk=pk)
    popups.dismiss(popup, request.member)
    return _stack(request)


@require_POST
@member_required("popups.see")
def popups_dismiss_all(request: SeatedRequest) -> HttpResponse:
    """Take all popups the member sees now from all their screens."""
    popups.dismiss_all(list(popups.waiting(request.member, request.branch, timezone.now())), request.member)
    return _stack(request)


def close_for_reservation(sender: object, *, reservation: Reservation, **_more: object) -> None:
    """Hear hall.signals.reservation_booked: the call has become a reservation."""
    if reservation.call_id:
        popups.close_for_outcome(reservation.organization_id, reservation.call_id, "reservation", str(reservation.pk))


def close_for_booking(sender: object, *, booking: Booking, change: str, **_more: object) -> None:
    """Hear booking.signals.booking_changed: the call has become a booking."""
    if booking.call_id and change in ("booked", "held"):
        popups.close_for_outcome(booking.organization_id, booking.call_id, "booking", str(booking.pk))


def _visits(call: Call, expected: Mapping[int | str, list[Visit]]) -> tuple[Visit, ...]:
    client = _client(call)
    found = [*(expected.get(client.pk, []) if client else []), *(expected.get(call.phone, []) if call.phone else [])]
    return tuple(sorted(found, key=lambda visit: visit.at)[: upcoming.SHOWN])


def _stack(request: SeatedRequest) -> HttpResponse:
    shown = cards(request.member, request.branch, timezone.now())
    return render(request, "web/_popups.html", {"popups": shown})


def _is_linked(call: Call) -> bool:
    return bool(call.client_id or call.contract_id or call.lead_id)


def _client(call: Call) -> Client | None:
    if call.client:
        return call.client
    return call.contract.client if call.contract else None


def _owners(organization_id: int, numbers: set[str]) -> dict[str, list[Client]]:
    """Return the clients on whose cards these numbers stand: who called is chosen among them."""
    found: dict[str, dict[int, Client]] = {}
    if not numbers:
        return {}
    phones = Phone.objects.for_org(organization_id).filter(number__in=numbers, lead__isnull=True)
    for phone in phones.select_related("client", "contract__client").order_by("id"):
        client = phone.client or (phone.contract.client if phone.contract else None)
        if client:
            found.setdefault(phone.number, {}).setdefault(client.pk, client)
    return {number: list(clients.values()) for number, clients in found.items()}


def _caller(client: Client, visits: dict[int, int]) -> Caller:
    return Caller(client.pk, client.name, client.about, client.tags, visits.get(client.pk, 0))


def _labels(organization_id: int, calls: list[Call]) -> dict[tuple[int, str], str]:
    numbers = {call.line for call in calls if call.line}
    if not numbers:
        return {}
    lines = Line.objects.for_org(organization_id).filter(number__in=numbers)
    return {
        (connector, number): label for connector, number, label in lines.values_list("connector", "number", "label")
    }


def _first_time(organization_id: int, calls: list[Call]) -> set[str]:
    numbers = {call.phone for call in calls if call.phone}
    entries = PhoneBookEntry.objects.for_org(organization_id).filter(phone__in=numbers, calls__lte=1)
    return set(entries.values_list("phone", flat=True))


def _actions(member: Member, branch: Branch | None) -> frozenset[str]:
    made = new_cards.kinds(member, branch)
    return frozenset([*made, "client"] if member.may("clients.see") else made)
