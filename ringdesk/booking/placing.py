"""Who does a visit and where: chosen among those free, their time taken in one step, or a refusal with free times."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from ringdesk.accounts.models import Branch
from ringdesk.booking import openings
from ringdesk.booking.models import BookingSettings
from ringdesk.booking.offers import Offer, Specialist
from ringdesk.booking.openings import ALWAYS, SESSION, Board, Limits
from ringdesk.booking.plans import Plan
from ringdesk.booking.problems import Alternative, SlotTaken
from ringdesk.core.intervals import Span
from ringdesk.scheduling import occupancy, reasons
from ringdesk.scheduling.minutes import from_moment, to_moment
from ringdesk.scheduling.models import Claim
from ringdesk.scheduling.occupancy import Taken
from ringdesk.scheduling.reasons import Kind
from ringdesk.scheduling.slots import Shift, Worker

VISIT = "booking"
ATTEMPTS = 3
DAY = 24 * 60
_HOURS = (Kind.NOT_WORKING, Kind.BREAK, Kind.ENDS_TOO_LATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be placed: who may do it (any of ``specialists``), beginning when (minutes since the epoch).

    ``assistants`` work along in any case. ``anytime``: outside of working hours too. ``limits``: what the client may
    book. ``claim``: the time that this visit has already and would give up; ``booking_id``: which visit it is.
    """

    plan: Plan
    at: int
    specialists: Sequence[Specialist]
    assistants: tuple[Specialist, ...] = ()
    limits: Limits = ALWAYS
    anytime: bool = False
    held_until: datetime | None = None
    claim: Claim | None = None
    booking_id: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a visit came to be: the claim that has the time, who does it, from when to when."""

    claim: Claim
    lead: Specialist
    assistants: tuple[Specialist, ...]
    span: Span


def place(branch: Branch, offer: Offer, wish: Wish) -> Place:
    """Take the time for the visit with whomever the branch's policy prefers. Raises SlotTaken."""
    board = _board(branch, offer, wish)
    for _attempt in range(ATTEMPTS):
        if reason := _beyond(wish):
            break
        if found := _join(branch, wish) if wish.plan.capacity > 1 else None:
            return found
        free = [each for each in wish.specialists if _why_not(board, wish, each) is None]
        if not free:
            break
        for lead in _in_order(offer.settings.policy, free, board):
            try:
                return _take(branch, board, wish, lead)
            except Taken:
                continue  # Somebody was faster.
        board = _board(branch, offer, wish)
    raise SlotTaken(
        free_instead(branch, offer, wish),
        *([_beyond_text(wish, reason)] if reason else _texts(branch, board, wish)),
        reason=reason.value if reason else "taken",
    )


def free_instead(branch: Branch, offer: Offer, wish: Wish) -> list[Alternative]:
    """Return the nearest free starts for the same visit; none that has passed."""
    limits = wish.limits.within(_now(), ALWAYS.not_after)
    without = wish.claim.pk if wish.claim else None
    return openings.alternatives(
        branch, offer, wish.plan, wish.specialists, wish.at, limits, without_claim=without
    )  # fmt: skip


def settle(claim: Claim, *, without: int | None = None) -> None:
    """Let the claim of a group have its time as long as one of its bookings does: for good, or while held.

    The caller has locked the claim. ``without``: the booking (id) that has just left.
    """
    rows = openings.active(claim.organization_id, timezone.now()).filter(claim=claim).exclude(pk=without or 0)
    holds = list(rows.values_list("held_until", flat=True))
    if not holds:
        occupancy.release(claim)
        return
    lasting = None in holds
    until = None if lasting else max(hold for hold in holds if hold is not None)
    claim.occupancies.filter(active=True).update(expires_at=until)


def lock(claim: Claim) -> Claim:
    """Return the claim locked until the transaction ends: who joins or leaves a group waits for the others."""
    locked: Claim = Claim.objects.for_org(claim.organization_id).select_for_update(no_key=True).get(pk=claim.pk)
    return locked


def _board(branch: Branch, offer: Offer, wish: Wish) -> Board:
    day = to_moment(wish.at).astimezone(branch.zone).date()
    without = wish.claim.pk if wish.claim else None
    return openings.board(branch, offer, wish.plan, wish.specialists, day, without_claim=without)


def _why_not(board: Board, wish: Wish, specialist: Specialist) -> reasons.Reason | None:
    worker = board.worker_of(specialist)
    if wish.anytime:
        # A shift around everything: what is left to object is what is taken.
        worker = Worker(worker.id, [Shift(wish.at - DAY, wish.at + 2 * DAY, wish.at)], worker.busy)
    return board.why_not(worker, wish.at)


def _in_order(policy: str, free: Sequence[Specialist], board: Board) -> list[Specialist]:
    if policy == BookingSettings.Policy.IN_ORDER:
        return list(free)
    shuffled = random.sample(free, len(free))
    if policy == BookingSettings.Policy.LEAST_LOADED:
        shuffled.sort(key=lambda each: sum(end - start for start, end in board.worker_of(each).busy))
    return shuffled


def _take(branch: Branch, board: Board, wish: Wish, lead: Specialist) -> Place:
    plan = wish.plan
    visit = plan.visit_by(lead)
    team = board.team_of(lead, wish.at) or (lead,)
    assistants = (*team[1:], *(each for each in wish.assistants if each not in team))
    resources = [lead.resource_id, *(each.resource_id for each in assistants), *board.facilities_at(lead, wish.at)]
    around = Span(*map(to_moment, visit.span(wish.at)))
    claim = wish.claim
    if claim is None:
        kind = SESSION if plan.capacity > 1 else VISIT
        claim = occupancy.take(branch.organization_id, kind, resources, around, expires_at=wish.held_until)
    else:
        occupancy.move(claim, resources, around, expires_at=wish.held_until)
    return Place(claim, lead, assistants, Span(*map(to_moment, visit.work(wish.at))))


def _join(branch: Branch, wish: Wish) -> Place | None:
    """Join a group that begins then and has a seat left; None where there is none."""
    by_id = {each.id: each for each in wish.specialists}
    rows = (
        openings.active(branch.organization_id, timezone.now())
        .filter(
            branch=branch,
            employee__in=by_id,
            starts_at=to_moment(wish.at),
            claim__kind=SESSION,
            lines__service=wish.plan.service_ids[0],
        )
        .exclude(pk=wish.booking_id or 0)
    )
    for claim in Claim.objects.for_org(branch.organization_id).filter(pk__in=rows.values("claim")).order_by("pk"):
        locked = lock(claim)
        seated = list(rows.filter(claim=locked).order_by("pk"))
        if 0 < len(seated) < wish.plan.capacity and _prolong(locked, wish.held_until):
            return Place(locked, by_id[seated[0].employee_id], (), seated[0].span)
    return None


def _prolong(claim: Claim, until: datetime | None) -> bool:
    """Let a group keep its time at least so long (None: for good). Returns whether it still has it."""
    own = claim.occupancies.filter(active=True)
    if until is None:
        return own.update(expires_at=None) > 0
    own.filter(expires_at__lt=until).update(expires_at=until)
    return own.exists()


def _beyond(wish: Wish) -> Kind | None:
    if wish.at < wish.limits.not_before:
        return Kind.TOO_SOON
    return Kind.TOO_FAR if wish.at > wish.limits.not_after else None


def _beyond_text(wish: Wish, kind: Kind) -> str:
    if kind is Kind.TOO_FAR:
        return _("This day cannot be booked yet: it is too far ahead.")
    if wish.at < _now():
        return _("This time has already passed.")
    return _("This time is too close to be booked online.")


def _texts(branch: Branch, board: Board, wish: Wish) -> list[str | Promise]:
    """Return why nobody is free, in words: of one specialist exactly why."""
    found = [reason for each in wish.specialists if (reason := _why_not(board, wish, each))]
    texts: Sequence[str] = list(dict.fromkeys(reasons.text(reason, branch.zone) for reason in found))
    if len(texts) == 1:
        return [f"{_('This time is not free.')} {texts[0]}"]
    if found and all(reason.kind in _HOURS for reason in found):
        return [_("Nobody who does this works then.")]
    return []


def _now() -> int:
    return from_moment(timezone.now())
