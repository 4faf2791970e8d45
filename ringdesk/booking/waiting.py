"""The waiting list: who waits for a time, and is offered one as soon as it is free. Nobody else writes WaitingClient.

A free time is offered to the first who fits: it is held for them, they are told, and when they do not take it in
time the next one is. Offers of one branch are made one after another (a lock of the branch), so that two jobs at once
never offer one time twice or leave the first out; that a time is not taken twice, the bookings see to themselves.
Order of locks: the branch's, the booking's row, the row of who waits.
"""

from collections.abc import Collection
from contextlib import suppress
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Count, F, Max, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Branch, Member
from ringdesk.booking import bookings, messages, offers, openings, versions
from ringdesk.booking.models import Booking
from ringdesk.booking.page import codes
from ringdesk.booking.problems import HoldExpired, NotOffered, SlotTaken
from ringdesk.booking.public_models import DAY, Message, PageRequest, WaitingClient
from ringdesk.core import events, phones
from ringdesk.core.problems import Conflict, Invalid, NotFound, Stale
from ringdesk.crm.models import Client

# How long an offered time is kept, and how long before the visit it must be taken.
KEPT_FOR = timedelta(hours=2)
AT_LEAST = timedelta(minutes=30)
LONGEST = timedelta(days=92)
# Nothing can be booked further ahead than this (BookingSettings.horizon), so nobody waits for it.
FURTHEST = timedelta(days=730)
MOST_IN_A_BRANCH = 500
MOST_PER_PHONE = 3
# Starts of one client that are tried before the next client's turn: each was free a moment ago.
_TRIES = 5
_LOCK_CLASS = 0x7761 << 48
_NEVER_ABOVE = (1 << 48) - 1
# What a branch was like when this process last looked for everybody who waits in it.
_looked_through: dict[int, tuple[object, ...]] = {}
State = WaitingClient.State
OPEN = (State.WAITING, State.OFFERED)


def add(
    branch: Branch,
    *,
    service_ids: Collection[int],
    first_day: date,
    last_day: date,
    employee_id: int | None = None,
    earliest: int = 0,
    latest: int = DAY,
    client: Client | None = None,
    client_name: str = "",
    phone: str = "",
    email: str = "",
    language: str = "",
    notes: str = "",
    by: Member | None = None,
) -> WaitingClient:
    """Let somebody wait for a time. ``earliest``, ``latest``: minutes of the day. Raises Invalid, NotOffered."""
    number = phones.normalize(phone, branch.region)
    if client is not None and client.organization_id != branch.organization_id:
        raise Invalid(_("There is no such client."), field="client")
    if client is not None and not number and (first := client.phones.first()):
        number = first.number
    if not number and not email and not (client and client.email):
        raise Invalid(_("Tell a phone or an e-mail address: somebody must be told when a time is free."), field="phone")
    _check_wish(branch, service_ids, employee_id, first_day, last_day, earliest, latest)
    with events.atomic():
        _lock(branch.pk)
        open_ones = WaitingClient.objects.for_org(branch.organization_id).filter(branch=branch, state__in=OPEN)
        if open_ones.count() >= MOST_IN_A_BRANCH:
            raise Conflict(_("The waiting list is full."))
        if by is None and open_ones.filter(phone=number).count() >= MOST_PER_PHONE:
            raise Conflict(_("This number is on the waiting list already."), field="phone")
        waiting = WaitingClient.objects.create(
            organization_id=branch.organization_id,
            branch=branch,
            client=client,
            client_name=" ".join(client_name.split())[:200] or (client.name if client else ""),
            phone=number,
            email=email,
            language=language or branch.organization.language,
            employee_id=employee_id,
            first_day=first_day,
            last_day=last_day,
            earliest=earliest,
            latest=latest,
            notes=notes.strip()[:2000],
        )
        waiting.services.set(service_ids)
        _defer(branch.pk)
    return waiting


def remove(waiting: WaitingClient, *, by: Member | None = None) -> None:
    """Take somebody off the list; a time that was kept for them is free again. Raises Stale."""
    with events.atomic():
        current = _read(waiting)
        if current.state in OPEN:
            _give_back(current, by)
            _set(current, State.REMOVED)


def wait_again(waiting: WaitingClient) -> None:
    """Let somebody who was too late, or was taken off, wait again. Raises Invalid."""
    with events.atomic():
        current = _read(waiting)
        if current.state not in (State.EXPIRED, State.REMOVED):
            return
        if current.last_day < timezone.now().astimezone(current.branch.zone).date():
            raise Invalid(_("The days they wait for are over."))
        _set(current, State.WAITING, offered=None, offered_until=None)
        _defer(current.branch_id)


def accept(waiting: WaitingClient, *, by: Member | None = None) -> Booking:
    """Make a booking of the time that is kept. Raises HoldExpired when it is too late."""
    with events.atomic():
        current = _read(waiting)
        if current.state == State.BOOKED and current.offered is not None:
            return current.offered
        is_late = current.offered_until is None or current.offered_until <= timezone.now()
        if current.state != State.OFFERED or current.offered is None or is_late:
            raise HoldExpired(_("The time was kept for a while, and that while is over. Choose a time again."))
        booking = codes.confirm(current.offered)
        _set(current, State.BOOKED)
    return booking


def decline(waiting: WaitingClient) -> None:
    """The client does not want it, nor any other: the next one is asked."""
    remove(waiting)


def tend(branch_id: int, now: datetime, *, only_changed: bool = False) -> list[WaitingClient]:
    """Give up offers that nobody took, then offer what is free. Returns who was offered a time.

    ``only_changed``: looking for everybody again is left out where nothing has changed since this process did it.
    """
    branch: Branch | None = Branch.objects.select_related("organization").filter(pk=branch_id).first()
    if branch is None:
        return []
    _lapse(branch, now)
    stand = _stand(branch, now)
    if only_changed and _looked_through.get(branch_id) == stand:
        return []
    tried: set[int] = set()
    offered = []
    while (found := _next(branch, tried, now)) is not None:
        waiting, has_offer = found
        tried.add(waiting.pk)
        if has_offer:
            offered.append(waiting)
    # As it was before: what has changed meanwhile, our own offers too, is looked through again.
    _looked_through[branch_id] = stand
    return offered


def _stand(branch: Branch, now: datetime) -> tuple[object, ...]:
    """Return what tells whether another look can find more: what is booked and offered, and who waits."""
    rows = WaitingClient.objects.for_org(branch.organization_id).filter(branch=branch, state=State.WAITING)
    who = rows.aggregate(number=Count("pk"), newest=Max("pk"), changes=Sum("version"))
    return versions.of(branch), now.astimezone(branch.zone).date(), *who.values()


def free_for(waiting: WaitingClient, now: datetime) -> list[tuple[datetime, int]]:
    """Return the times that would do, soonest first, with the specialist (id) of each."""
    branch = waiting.branch
    ids = list(waiting.services.order_by("position", "pk").values_list("pk", flat=True))
    today = now.astimezone(branch.zone).date()
    first_day = max(waiting.first_day, today)
    if not ids or waiting.last_day < first_day:
        return []
    days = (waiting.last_day - first_day).days + 1
    try:
        starts = openings.starts(branch, ids, first_day, days, employee_id=waiting.employee_id, online=False)
    except NotOffered:
        return []  # No longer on offer: staff see them on the list.
    return sorted(
        (moment, employee)
        for employee, moments in starts.items()
        for moment in moments
        if moment - now > AT_LEAST and waiting.earliest <= moment.hour * 60 + moment.minute <= waiting.latest
    )


def listed(branch: Branch, *, is_open: bool = True) -> QuerySet[WaitingClient]:
    """Return who waits (or has waited) in the branch."""
    rows: QuerySet[WaitingClient] = WaitingClient.objects.for_org(branch.organization_id).filter(branch=branch)
    rows = rows.select_related("client", "employee", "offered__employee", "branch").prefetch_related("services")
    return rows.filter(state__in=OPEN) if is_open else rows.exclude(state__in=OPEN).order_by("-created_at", "-id")


def follow_booking(sender: object, *, booking: Booking, change: str, **_more: object) -> None:
    """A time may have become free; a kept one may have been taken or given back (signal ``booking_changed``)."""
    if booking.version > 1 and change in ("booked", "cancelled", "expired"):
        rows = WaitingClient.objects.for_org(booking.organization_id)
        kept_for = rows.filter(offered=booking, state=State.OFFERED)
        kept_for.update(state=State.BOOKED if change == "booked" else State.EXPIRED, version=F("version") + 1)
    if change in ("cancelled", "no_show", "moved", "changed", "expired"):
        _look_soon(booking.organization_id, booking.branch_id)


def follow_schedule(sender: object, *, branch_id: int, **_more: object) -> None:
    """Somebody may work when they did not (signal ``schedule_changed``)."""
    if WaitingClient.objects.filter(branch=branch_id, state=State.WAITING).exists():
        _defer(branch_id)


def _look_soon(organization_id: int, branch_id: int) -> None:
    if WaitingClient.objects.for_org(organization_id).filter(branch=branch_id, state=State.WAITING).exists():
        _defer(branch_id)


def _defer(branch_id: int) -> None:
    from ringdesk.booking.tasks import offer_soon

    transaction.on_commit(lambda: offer_soon(branch_id))


def _lapse(branch: Branch, now: datetime) -> None:
    """Who was too late, and whose days are over, wait no longer."""
    today = now.astimezone(branch.zone).date()
    rows = WaitingClient.objects.for_org(branch.organization_id).filter(branch=branch)
    for late in list(rows.filter(state=State.OFFERED, offered_until__lte=now)):
        # Each by itself: whoever has one booking locked never waits for another one.
        with events.atomic(), suppress(Stale):  # Stale: somebody has just made a booking of it.
            current = _read(late)
            if current.state == State.OFFERED:
                _give_back(current, None)
                _set(current, State.EXPIRED)
    rows.filter(state=State.WAITING, last_day__lt=today).update(state=State.EXPIRED, version=F("version") + 1)


def _next(branch: Branch, tried: Collection[int], now: datetime) -> tuple[WaitingClient, bool] | None:
    """Take up the next who waits; offer them the first time that fits. None: nobody is left."""
    with events.atomic():
        _lock(branch.pk)
        rows = WaitingClient.objects.for_org(branch.organization_id).filter(branch=branch, state=State.WAITING)
        queue = rows.exclude(pk__in=tried).select_related("branch__organization", "client")
        waiting: WaitingClient | None = queue.first()
        if waiting is None:
            return None
        for starts_at, employee_id in free_for(waiting, now)[:_TRIES]:
            until = min(now + KEPT_FOR, starts_at - AT_LEAST / 2)
            try:
                held = bookings.book(
                    branch,
                    service_ids=list(waiting.services.order_by("position", "pk").values_list("pk", flat=True)),
                    starts_at=starts_at,
                    employee_id=employee_id,
                    client=waiting.client,
                    client_name=waiting.client_name,
                    phone=waiting.phone,
                    hold_for=until - now,
                )
            except (SlotTaken, NotOffered):
                continue  # Somebody was faster.
            _set(waiting, State.OFFERED, offered=held, offered_until=held.held_until)
            PageRequest.objects.create(
                organization_id=held.organization_id, booking=held, email=waiting.email, language=waiting.language
            )
            messages.write(held, Message.Kind.OFFER, key=f"offer:{waiting.pk}:{held.pk}")
            return waiting, True
    return waiting, False


def _give_back(waiting: WaitingClient, by: Member | None) -> None:
    """Let the time that is kept for them be free. Raises Stale when a booking was made of it at this moment."""
    offered = waiting.offered
    if waiting.state == State.OFFERED and offered is not None and offered.status == Booking.Status.HELD:
        bookings.cancel(offered, version=offered.version, by=by)


def _check_wish(
    branch: Branch,
    service_ids: Collection[int],
    employee_id: int | None,
    first_day: date,
    last_day: date,
    earliest: int,
    latest: int,
) -> None:
    offer = offers.of(branch)
    wanted = openings.plan(offer, list(service_ids), online=False)
    if not openings.candidates(offer, wanted, employee_id):
        raise NotOffered(_("No specialist provides all of these services."), field="service_ids")
    today = timezone.now().astimezone(branch.zone).date()
    if last_day < max(first_day, today):
        raise Invalid(_("The last day must not come before the first."), field="last_day")
    if last_day - max(first_day, today) > LONGEST:
        raise Invalid(_("Three months at most."), field="last_day")
    if last_day - today > FURTHEST:
        raise Invalid(_("This day cannot be booked yet: it is too far ahead."), field="last_day")
    if not 0 <= earliest <= latest <= DAY:
        raise Invalid(_("The end must come after the start."), field="latest")


def _read(waiting: WaitingClient) -> WaitingClient:
    _lock(waiting.branch_id)
    rows = WaitingClient.objects.for_org(waiting.organization_id).select_related(
        "branch__organization", "client", "offered__branch__organization"
    )
    current: WaitingClient | None = rows.filter(pk=waiting.pk).first()
    if current is None:
        raise NotFound(_("There is no such client on the waiting list."))
    return current


def _lock(branch_id: int) -> None:
    """Let others who tend this branch's list wait until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK_CLASS + (branch_id & _NEVER_ABOVE)])


def _set(waiting: WaitingClient, state: str, **fields: object) -> None:
    waiting.state = State(state)
    for name, value in fields.items():
        setattr(waiting, name, value)
    waiting.version += 1
    waiting.save(update_fields=["state", "version", *fields])
