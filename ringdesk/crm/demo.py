"""Believable clients for the demo. All names and numbers are invented."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ringdesk.accounts.models import Member, Organization
from ringdesk.core import events
from ringdesk.crm import clients, contracts, leads
from ringdesk.crm.models import Client
from ringdesk.crm.numbers import Written

# Nobody's: the range is not given out.
_RANGE = "+7900000"
_DAYS_BETWEEN = 9

VIP, REGULAR, BIRTHDAY, QUIET, FAMILY, SALON = (
    gettext_noop("VIP"),
    gettext_noop("Regular"),
    gettext_noop("Birthday"),
    gettext_noop("Likes quiet"),
    gettext_noop("With children"),
    gettext_noop("Salon"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """One card of the demo: the last four digits of its number, tags, notes."""

    name: str
    number: str
    tags: tuple[str, ...] = ()
    about: str = ""


PEOPLE = (
    Person(gettext_noop("Ivan Petrov"), "0101", (REGULAR,), gettext_noop("Comes with colleagues on Fridays")),
    Person(gettext_noop("Alla Vinogradova"), "0102", (VIP,), gettext_noop("Still water, no ice")),
    Person(gettext_noop("Sergey Nikitin"), "0103"),
    Person(gettext_noop("Tatiana Gromova"), "0104", (FAMILY,), gettext_noop("A high chair and a quiet corner")),
    Person(gettext_noop("Maxim Ryabov"), "0105", (REGULAR,)),
    Person(gettext_noop("Yulia Zimina"), "0106", (SALON,), gettext_noop("Colouring every six weeks")),
    Person(gettext_noop("Arthur Sahakyan"), "0107", (VIP, BIRTHDAY), gettext_noop("Birthday on the 3rd of March")),
    Person(gettext_noop("Oksana Belaya"), "0108"),
    Person(gettext_noop("Nikolay Sedov"), "0109", (), gettext_noop("Allergic to shellfish")),
    Person(gettext_noop("Daria Koroleva"), "0110", (SALON, REGULAR)),
    Person(gettext_noop("Pyotr Semyonov"), "0111"),
    Person(gettext_noop("Alyona Snegireva"), "0112", (FAMILY,)),
    Person(gettext_noop("Ruslan Akhmetov"), "0113", (REGULAR,), gettext_noop("Parks in the yard, tell the guard")),
    Person(gettext_noop("Evgenia Lapina"), "0114", (QUIET,), gettext_noop("Works here in the mornings")),
    Person(gettext_noop("Konstantin Zhukov"), "0115"),
    Person(gettext_noop("Lidia Arkadyevna"), "0116", (VIP,), gettext_noop("Table at the piano")),
    Person(gettext_noop("Vadim Panin"), "0117"),
    Person(gettext_noop("Inna Sorokina"), "0118", (SALON,)),
    Person(gettext_noop("Gleb Tarasov"), "0119", (BIRTHDAY,)),
    Person(gettext_noop("Zoya Filatova"), "0120", (), gettext_noop("Vegetarian")),
    Person(gettext_noop("Roman Kalinin"), "0121", (REGULAR,)),
    Person(gettext_noop("Ekaterina Muravyova"), "0122", (FAMILY, REGULAR)),
    Person(gettext_noop("Bogdan Chernov"), "0123"),
    Person(gettext_noop("Ulyana Reznik"), "0124", (SALON,), gettext_noop("Prefers messages to calls")),
    Person(gettext_noop("Fyodor Gusev"), "0125"),
    Person(gettext_noop("Polina Demidova"), "0126", (QUIET,)),
    Person(gettext_noop("Stanislav Voronin"), "0127", (REGULAR,), gettext_noop("Pays by company card")),
    Person(gettext_noop("Margarita Ostapenko"), "0128"),
    Person(gettext_noop("Leonid Bykov"), "0129", (), gettext_noop("Came from an advertisement on the radio")),
    Person(gettext_noop("Alisa Novak"), "0130", (VIP, SALON)),
    Person(gettext_noop("Timofey Rozhkov"), "0131"),
    Person(gettext_noop("Kristina Melnik"), "0132", (BIRTHDAY,)),
    # A family with one telephone: who calls is chosen by hand.
    Person(gettext_noop("Viktor Larin"), "0140", (FAMILY,)),
    Person(gettext_noop("Nina Larina"), "0140", (FAMILY,), gettext_noop("Viktor’s wife")),
)


def populate(organization: Organization, *, members: Sequence[Member], now: datetime) -> dict[str, list[Any]]:
    """Fill the organization with clients, contracts and a lead, in its language. Returns clients and contracts."""
    with events.atomic(), translation.override(organization.language):
        responsible = members[-1] if members else None
        people = [_add(organization, person, members, place) for place, person in enumerate(PEOPLE)]
        companies, agreed = _companies(organization, responsible)
        leads.create(
            organization, name=_("Ekaterina, wedding for 60"), phones=[_RANGE + "0160"], responsible=responsible
        )
        for place, client in enumerate([*people, *companies]):
            _date_back(client, now - timedelta(days=3 + place * _DAYS_BETWEEN))
    return {"clients": [*people, *companies], "contracts": agreed}


def _add(organization: Organization, person: Person, members: Sequence[Member], place: int) -> Client:
    return clients.create(
        organization,
        name=_(person.name),
        phones=[_RANGE + person.number],
        tags=[_(tag) for tag in person.tags],
        about=_(person.about) if person.about else "",
        # Every fourth has somebody of the house as a person to turn to.
        responsible=members[place % len(members)] if members and place % 4 == 0 else None,
    )


def _companies(organization: Organization, responsible: Member | None) -> tuple[list[Client], list[Any]]:
    vector = clients.create(
        organization,
        name=_("Vector LLC"),
        kind=Client.Kind.COMPANY,
        phones=[Written(_RANGE + "0150", _("reception"))],
        email="office@vector.example",
        about=_("Business lunches on weekdays, one bill a month"),
        responsible=responsible,
        is_partner=True,
    )
    staff = [
        clients.create(
            organization, name=name, company=vector, phones=[Written(_RANGE + number, _("work"))], about=about
        )
        for name, number, about in (
            (_("Olga Vetrova"), "0151", _("Office manager: orders lunches")),
            (_("Anton Krylov"), "0152", _("Director")),
            (_("Svetlana Danilova"), "0153", _("Accounting: closing documents")),
        )
    ]
    flowers = clients.create(
        organization,
        name=_("Flower shop “Iris”"),
        kind=Client.Kind.COMPANY,
        phones=[_RANGE + "0155"],
        is_partner=True,
    )
    agreed = [
        contracts.create(vector, number="2026-118", phones=[_RANGE + "0154"], responsible=responsible),
        contracts.create(flowers, number="2026-07"),
    ]
    return [vector, *staff, flowers], agreed


def _date_back(client: Client, at: datetime) -> None:
    """Not everybody became a client the moment the demo was made."""
    Client.objects.for_org(client.organization_id).filter(pk=client.pk).update(created_at=at)
