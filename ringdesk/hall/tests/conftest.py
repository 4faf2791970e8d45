"""A restaurant with two halls, its people, and a stranger's organization."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import cast

import pytest
from django.test import Client as Browser
from django.utils import translation

from ringdesk.accounts.models import Branch, Member, OpeningHours, Organization, User
from ringdesk.core.intervals import Span
from ringdesk.hall import days, halls, reservations
from ringdesk.hall.models import Reservation, ReservationStatus, Table
from ringdesk.hall.reservations import Wish

# A Saturday in Novosibirsk, seven hours ahead of UTC, at noon.
DAY = date(2026, 11, 21)
NOON = datetime(2026, 11, 21, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Restaurant:
    """Tables 1…3 (2, 4, 6 seats) in the main hall, T (4) on the terrace. Open from 10 to 20."""

    organization: Organization
    branch: Branch
    tables: dict[str, Table]
    standard: ReservationStatus
    vip: ReservationStatus

    def member(self, role: str) -> Member:
        return cast(Member, Member.objects.for_org(self.organization).get(role=role))

    @property
    def owner(self) -> Member:
        return self.member("owner")

    def at(self, start: float, end: float) -> Span:
        """Return the span between two hours of the day, by the clock of the branch."""
        origin = days.midnight(DAY, self.branch.zone)
        return Span(origin + timedelta(hours=start), origin + timedelta(hours=end))

    def wish(self, start: float, end: float, *tables: str, guests: int = 2, **more: object) -> Wish:
        ids = tuple(self.tables[name].pk for name in tables)
        span = self.at(start, end)
        return Wish(starts_at=span.start, ends_at=span.end, table_ids=ids, guests=guests, **more)  # type: ignore[arg-type]

    def book(self, start: float, end: float, *tables: str, guests: int = 2, **more: object) -> Reservation:
        return reservations.book(self.branch, self.wish(start, end, *tables, guests=guests, **more), by=self.owner)


def make_restaurant(slug: str) -> Restaurant:
    organization = Organization.objects.create(name=slug.title(), slug=slug, language="en")
    branch = Branch.objects.create(organization=organization, name="Quay", timezone="Asia/Novosibirsk")
    for weekday in range(7):
        OpeningHours.objects.create(organization=organization, branch=branch, weekday=weekday, opens=600, closes=1200)
    for role in ("owner", "hostess", "accountant", "cashier"):
        user = User.objects.create_user(f"{role}@{slug}.example")
        Member.objects.create(organization=organization, user=user, name=role.title(), role=role, language="en")
    main = halls.add_hall(branch, name="Main")
    terrace = halls.add_hall(branch, name="Terrace")
    tables = {
        name: halls.add_table(hall, name=name, seats=seats)
        for hall, name, seats in ((main, "1", 2), (main, "2", 4), (main, "3", 6), (terrace, "T", 4))
    }
    standard = halls.add_status(organization, name="STANDARD", colour="blue")
    vip = halls.add_status(organization, name="VIP", colour="violet")
    return Restaurant(organization, branch, tables, standard, vip)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Texts are compared in the language they are written in."""
    with translation.override("en"):
        yield


@pytest.fixture
def ours(db: None) -> Restaurant:
    return make_restaurant("ours")


@pytest.fixture
def theirs(db: None) -> Restaurant:
    return make_restaurant("theirs")


def browser_of(member: Member) -> Browser:
    browser = Browser()
    browser.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return browser


@pytest.fixture
def owner(ours: Restaurant) -> Browser:
    return browser_of(ours.member("owner"))


@pytest.fixture
def hostess(ours: Restaurant) -> Browser:
    return browser_of(ours.member("hostess"))


@pytest.fixture
def accountant(ours: Restaurant) -> Browser:
    """Sees reservations, may not change them."""
    return browser_of(ours.member("accountant"))


@pytest.fixture
def cashier(ours: Restaurant) -> Browser:
    """May not even see reservations."""
    return browser_of(ours.member("cashier"))


@pytest.fixture
def stranger(theirs: Restaurant) -> Browser:
    return browser_of(theirs.member("owner"))
