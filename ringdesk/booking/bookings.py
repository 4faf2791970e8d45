"""Bookings: made, kept for a while, moved, changed, taken through their course. Nobody else writes Booking.

Order of locks, the same in every action: the booking's row, its group's claim, the time of resources, the client,
and last what everybody locks (events.last, events.publish).
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Branch, Member
from ringdesk.accounts.validation import validate
from ringdesk.booking import catalogue, customers, frames, offers, openings, placing, versions, visits
from ringdesk.booking.customers import Customer
from ringdesk.booking.models import Booking
from ringdesk.booking.offers import Offer
from ringdesk.booking.openings import ALWAYS
from ringdesk.booking.placing import Wish
from ringdesk.booking.problems import HoldExpired, SlotTaken
from ringdesk.booking.signals import booking_changed
from ringdesk.core import events, phones
from ringdesk.core.intervals import Span
from ringdesk.core.problems import Invalid, NotFound, Stale
from ringdesk.crm.models import Client
from ringdesk.scheduling import occupancy

Status = Booking.Status
KEPT: Any = object()  # What is not told stays.


def book(
    branch: Branch,
    *,
    service_ids: Sequence[int],
    starts_at: datetime,
    employee_id: int | None = None,
    client: Client | None = None,
    client_name: str = "",
    phone: str = "",
    customer: Customer | None = None,
    by: Member | None = None,
    source: str = Booking.Source.STAFF,
    online: bool = False,
    force: bool = False,
    notes: str = "",
    price: Decimal | None = None,
    call_id: UUID | None = None,
    length: int | None = None,
    assistants: Collection[int] = (),
    hold_for: timedelta | None = None,
    series: UUID | None = None,
) -> Booking:
    """Book services as one visit. Raises SlotTaken (with free times), NotOffered, Invalid.

    No ``employee_id``: whoever is free, by the branch's policy. ``assistants``: ids of who works along. ``online``:
    the client's own doing, so notice, horizon and what is bookable online apply. ``force``: outside of working hours
    too; what is taken is taken. ``length`` (minutes) and ``price`` where they are not the services' own.
    ``hold_for``: keep the time while the client decides. Without ``client`` one is found, or made: who
    ``customer`` says, else by the phone.
    """
    booking = Booking(
        organization_id=branch.organization_id,
        branch=branch,
        source=source,
        call_id=call_id,
        series=series,
        created_by=by,
        price=price,
        notes=notes.strip(),
        status=Status.BOOKED if hold_for is None else Status.HELD,
        held_until=None if hold_for is None else timezone.now() + hold_for,
    )
    if client is None and customer is not None:
        client_name, phone = client_name or customer.name, phone or customer.phone
    _name(booking, client_name, phone)
    validate(booking, "notes", "price", "source")
    with events.atomic():
        offer = offers.of(branch)
        plan = replace(openings.plan(offer, service_ids, online=online), length=visits.checked_length(length))
        wish = Wish(
            plan=plan,
            at=visits.minute(starts_at),
            specialists=visits.able(offer, plan, employee_id),
            assistants=visits.specialists(offer, assistants),
            limits=openings.limits(offer, plan, branch, timezone.now()) if online else ALWAYS,
            anytime=force and not online,
            held_until=booking.held_until,
        )
        booking.currency = plan.services[0].currency
        place = placing.place(branch, offer, wish)
        visits.settle_in(booking, offer, place)
        if client is None and customer is not None:
            client = customers.find_or_create(branch, customer, by=by)
        _set_client(booking, client, by)
        visits.store(booking, plan, place.lead)
        if place.assistants:
            booking.assistants.set([each.id for each in place.assistants])
        return _told(booking, "booked" if hold_for is None else "held", by, offer=offer)


def confirm(
    booking: Booking,
    *,
    client: Client | None = None,
    client_name: str = "",
    phone: str = "",
    version: int | None = None,
    by: Member | None = None,
) -> Booking:
    """Make a booking of a hold. Raises HoldExpired when it is over and the time has gone to somebody else."""
    with events.atomic():
        current = _locked(booking, version)
        if current.status == Status.CANCELLED:
            raise HoldExpired(_("The time was kept for a while, and that while is over. Choose a time again."))
        if current.status != Status.HELD:
            return current
        has_client = bool(client or client_name or phone)
        if has_client:
            _name(current, client_name or current.client_name, phone or current.phone)
        current.status, current.held_until = Status.BOOKED, None
        try:
            visits.place_again(current, offers.of(current.branch))
        except SlotTaken as error:
            text = _("The time was kept for a while, and that while is over: somebody else has it now.")
            raise HoldExpired(text, field="starts_at", **error.details) from error
        if has_client:
            _set_client(current, client or current.client, by)
        return _saved(current, "booked", by)


def keep(booking: Booking, hold_for: timedelta) -> Booking:
    """Keep a held time for so long from now on. Raises HoldExpired when it is over already."""
    with events.atomic():
        current = _locked(booking, None)
        now = timezone.now()
        if current.status != Status.HELD or current.held_until is None or current.held_until <= now:
            raise HoldExpired(_("The time was kept for a while, and that while is over. Choose a time again."))
        current.held_until = now + hold_for
        kept = _saved(current, "held", None)
        placing.settle(placing.lock(current.claim))
    return kept


def move(
    booking: Booking,
    *,
    starts_at: datetime | None = None,
    employee_id: int | None = None,
    length: int | None = None,
    version: int | None = None,
    by: Member | None = None,
    online: bool = False,
    force: bool = False,
) -> Booking:
    """Give the booking another time, specialist or length (minutes); what is not told stays.

    Raises SlotTaken (with free times for the same visit), NotOffered, Invalid, Stale, NotFound.
    """
    told = {"starts_at": starts_at, "employee_id": employee_id, "length": length}
    with events.atomic():
        current = _locked(booking, version)
        require_open(current, online=online)
        before = current.span
        wished = {name: value for name, value in told.items() if value is not None}
        if not visits.replan(current, wished, online=online, force=force):
            return current
        return _saved(current, "moved", by, previous=before)


def change(
    booking: Booking,
    *,
    version: int | None = None,
    by: Member | None = None,
    notes: str = KEPT,
    price: Decimal | None = KEPT,
    client: Client | None = KEPT,
    client_name: str = KEPT,
    phone: str = KEPT,
    force: bool = False,
    **placement: Any,
) -> Booking:
    """Change what is told, all or nothing; returns the booking as it is now. Raises as ``move``.

    ``price`` None: the services' own. ``placement``: service_ids, starts_at, employee_id, assistants (ids), length
    (minutes; None: as long as the services take).
    """
    if unknown := placement.keys() - {"service_ids", "starts_at", "employee_id", "assistants", "length"}:
        raise TypeError(f"A booking has no {', '.join(sorted(unknown))} to change.")
    with events.atomic():
        current = _locked(booking, version)
        before, own = current.span, _own(current)
        current.notes = current.notes if notes is KEPT else notes.strip()
        current.price = current.price if price is KEPT else price
        validate(current, "notes", "price")
        if placement and not current.is_released:
            is_placed = visits.replan(current, placement, force=force)
        elif placement:
            raise Invalid(_("This booking is cancelled."))
        else:
            is_placed = False
        if any(value is not KEPT for value in (client, client_name, phone)):
            _change_client(current, client, client_name, phone, by)
        if not is_placed and _own(current) == own:
            return current
        is_moved = current.span != before
        return _saved(current, "moved" if is_moved else "changed", by, previous=before if is_moved else None)


def set_status(booking: Booking, status: str, *, version: int | None = None, by: Member | None = None) -> Booking:
    """Say what became of the visit. Raises Stale; SlotTaken when a time given back belongs to somebody else now."""
    if status not in Status.values or status == Status.HELD:
        raise Invalid(_("There is no such status."), field="status")
    with events.atomic():
        current = _locked(booking, version)
        if current.status == status:
            return current
        was_released, was_held = current.is_released, current.status == Status.HELD
        current.status, current.held_until = Status(status), None
        if current.is_released and not was_released:
            visits.give_back(current)
        elif not current.is_released and (was_released or was_held):
            visits.place_again(current, offers.of(current.branch))
        kind = (
            status if status != Status.BOOKED else "restored" if was_released else "booked" if was_held else "changed"
        )
        return _saved(current, str(kind), by)


def cancel(booking: Booking, *, version: int | None = None, by: Member | None = None, online: bool = False) -> Booking:
    """Call the booking off; its time is free again, it stays on record. ``online``: by the client. Raises Stale."""
    with events.atomic():
        current = _locked(booking, version)
        if online:
            require_open(current, online=True)
        return set_status(current, Status.CANCELLED, by=by)


def expire_holds(now: datetime | None = None) -> int:
    """Give up the holds whose time is over. Returns how many."""
    over = Booking.objects.filter(status=Status.HELD, held_until__lte=now or timezone.now())
    count = 0
    for booking in over.order_by("pk")[:1000]:
        with events.atomic():
            current = _locked(booking, None)
            if current.status != Status.HELD or current.held_until is None or current.held_until > timezone.now():
                continue  # Confirmed at this very moment.
            current.status, current.held_until = Status.CANCELLED, None
            visits.give_back(current)
            _saved(current, "expired", None)
            count += 1
    return count


def forget_abandoned(now: datetime | None = None) -> int:
    """Delete what visitors of the page kept for a while and left, a day later. Returns how many."""
    before = (now or timezone.now()) - timedelta(days=1)
    count = 0
    while ids := list(_abandoned(before).values_list("pk", "claim")[:500]):
        with events.atomic():
            Booking.objects.filter(pk__in=[pk for pk, _claim in ids]).delete()
            claims = {claim for _pk, claim in ids}
            # The claim of a group belongs to the others too.
            claims -= set(Booking.objects.filter(claim__in=claims).values_list("claim", flat=True))
            occupancy.forget(claims)
        count += len(ids)
    return count


def require_open(booking: Booking, *, online: bool) -> None:
    """Raise Invalid for a booking that can no longer be moved: called off, or (by the client) already begun."""
    if booking.is_released:
        raise Invalid(_("This booking is cancelled."))
    if online and (booking.status == Status.ARRIVED or booking.starts_at <= timezone.now()):
        raise Invalid(_("This visit has already begun."))


def _abandoned(before: datetime) -> QuerySet[Booking]:
    rows: QuerySet[Booking] = Booking.objects.filter(openings.ABANDONED, updated_at__lt=before)
    return rows.order_by("pk")


def _name(booking: Booking, name: str, phone: str) -> None:
    booking.client_name = catalogue.one_line(name)
    booking.phone = phones.normalize(phone, booking.branch.region)
    if phone.strip() and not booking.phone:
        raise Invalid(_("This is not a phone number."), field="phone")
    if len(booking.client_name) > customers.LONGEST_NAME:
        raise Invalid(_("The name is too long."), field="client_name")


def _set_client(booking: Booking, client: Client | None, by: Member | None) -> None:
    """Link the booking to the client's card: the one told, else the one with the number; with a name one is made."""
    if client is None and booking.phone:
        customer = Customer(phone=booking.phone, name=booking.client_name)
        branch = booking.branch
        if booking.client_name:
            client = customers.find_or_create(branch, customer, by=by)
        else:
            client = customers.find(branch.organization, customer, branch.region)
    booking.client = client
    if client is None:
        return
    if client.organization_id != booking.organization_id:
        raise Invalid(_("There is no such client."), field="client")
    booking.client_name = booking.client_name or client.name
    if not booking.phone and (first := client.phones.first()):
        booking.phone = first.number


def _change_client(booking: Booking, client: Client | None, name: str, phone: str, by: Member | None) -> None:
    is_other = client is not KEPT and (client.pk if client else None) != booking.client_id
    # Another card brings its own name and number where they are not told.
    usual = ("", "") if is_other else (booking.client_name, booking.phone)
    same_phone = booking.phone
    _name(booking, usual[0] if name is KEPT else name, usual[1] if phone is KEPT else phone)
    chosen = client if client is not KEPT else booking.client if booking.phone == same_phone else None
    _set_client(booking, chosen, by)


def _locked(booking: Booking, version: int | None) -> Booking:
    rows: QuerySet[Booking] = Booking.objects.for_org(booking.organization_id)
    rows = rows.select_related("branch__organization", "claim", "client", "employee")
    current = rows.select_for_update(no_key=True, of=("self",)).filter(pk=booking.pk).first()
    if current is None:
        raise NotFound(_("There is no such booking."))
    if version is not None and version != current.version:
        raise Stale(_("Somebody has changed this booking in the meantime."), current=current)
    return current


def _saved(current: Booking, kind: str, by: Member | None, previous: Span | None = None) -> Booking:
    current.version += 1
    current.save()
    return _told(current, kind, by, previous)


def _told(
    booking: Booking, kind: str, by: Member | None, previous: Span | None = None, offer: Offer | None = None
) -> Booking:
    booking_changed.send(sender=Booking, booking=booking, change=kind, by=by, previous=previous, offer=offer)
    versions.bookings_changed(booking.branch)
    frames.publish(booking, kind)
    return booking


def _own(booking: Booking) -> tuple[object, ...]:
    return (booking.notes, booking.price, booking.client_id, booking.client_name, booking.phone)
