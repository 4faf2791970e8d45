"""The demo: a restaurant and a salon with people, calls and reservations, and ``demo.json`` to drive it by script."""

import json
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from ringdesk.accounts import branches, members, organizations, tokens
from ringdesk.accounts.access import SCOPES, Role
from ringdesk.accounts.models import ApiToken, Branch, Member, Module, Organization, User
from ringdesk.booking import demo as booking_demo
from ringdesk.booking.models import Employee, Service
from ringdesk.booking.page import demo
from ringdesk.config.refusal import Refused
from ringdesk.core import events
from ringdesk.crm import demo as crm_demo
from ringdesk.crm.models import Client, Contract
from ringdesk.hall import demo as hall_demo
from ringdesk.hall.models import Hall
from ringdesk.telephony import demo as telephony_demo
from ringdesk.telephony import dialing_keys, links
from ringdesk.telephony.models import Connector

FILE = "demo.json"
OWNER, OPERATOR = "owner@demo.example", "anna@demo.example"
CALL_SCOPES = [
    "bookings:read", "bookings:write", "branches:read", "calls:read", "clients:read", "clients:write", "employees:read",
    "halls:read", "reservations:read", "reservations:write", "services:read", "slots:read", "tables:read",
]  # fmt: skip


@dataclass(frozen=True)
class Login:
    """Somebody of the demo and what they sign in with."""

    member: Member
    password: str
    api_token: str


def prepare(data: Path, base_url: str) -> None:
    """Make the demo organization where there is none, and its file. Raises Refused beside another organization."""
    organization = Organization.objects.filter(is_demo=True).first()
    if organization is None:
        if Organization.objects.exists() or User.objects.exists():
            raise Refused(
                "--demo needs a database of its own, and this one already holds somebody's data. "
                "Start without --demo, or choose another folder with --data."
            )
        with translation.override("ru"):
            organization = _create(timezone.now())
    path = data / FILE
    if path.exists():
        _write(path, _moved(json.loads(path.read_text()), base_url))
    else:
        _write(path, _describe(organization, base_url))


def _create(now: datetime) -> Organization:
    with events.atomic():
        owner = User.objects.create_user(OWNER, name=_("Olga Smirnova"))
        organization = organizations.create_organization(
            _("Demo restaurant and salon"),
            owner,
            branch_name=_("Restaurant on the quay"),
            address=_("Naberezhnaya 1"),
            slug="demo",
            modules=Module.values,
            is_demo=True,
        )
        seat = Member.objects.get(organization=organization, user=owner)
        restaurant = Branch.objects.get(organization=organization)
        salon = branches.add_branch(
            organization, name=_("Salon Line"), address=_("Sadovaya 7"), timezone=restaurant.timezone, region="RU",
            hours=organizations.DEFAULT_HOURS, by=seat,
        )  # fmt: skip
        people = [
            _add(organization, OPERATOR, _("Anna Kim"), Role.HOSTESS, seat),
            _add(organization, "boris@demo.example", _("Boris Lebedev"), Role.OPERATOR, seat),
            _add(organization, "vera@demo.example", _("Vera Orlova"), Role.MANAGER, seat),
        ]
        hall_demo.populate(organization, restaurant, now=now, by=seat)
        known = crm_demo.populate(organization, members=[seat, *people], now=now)
        booking_demo.populate(salon, known["clients"], now=now, by=seat)
        demo.populate(salon)
        telephony_demo.populate(organization, [restaurant, salon], [*people, seat], known["clients"], now)
    return organization


def _add(organization: Organization, email: str, name: str, role: Role, by: Member) -> Member:
    user = User.objects.create_user(email, name=name)
    return members.add_member(organization, user, name=name, role=role, by=by)


def _log_in(organization: Organization, email: str, scopes: list[str]) -> Login:
    """Give somebody of the demo a fresh password and a fresh token."""
    member = Member.objects.for_org(organization).select_related("user").get(user__email=email)
    password = secrets.token_urlsafe(12)
    member.user.set_password(password)
    member.user.save(update_fields=["password"])
    for old in ApiToken.objects.for_org(organization).filter(name=email, revoked_at__isnull=True):
        tokens.revoke(old, by=None)
    return Login(member, password, tokens.issue(organization, name=email, scopes=scopes, by=None)[1])


def _describe(organization: Organization, base_url: str) -> dict[str, Any]:
    owner = _log_in(organization, OWNER, list(SCOPES))
    operator = _log_in(organization, OPERATOR, CALL_SCOPES)
    extension = operator.member.extensions.order_by("id").first()
    own_branches = Branch.objects.for_org(organization)
    clients = Client.objects.for_org(organization).prefetch_related("phones").order_by("id")
    contracts = Contract.objects.for_org(organization).prefetch_related("phones").order_by("id")
    return {
        "base_url": base_url,
        "organization": {"id": organization.pk, "slug": organization.slug},
        "owner": _login(owner),
        "operator": _login(operator) | {"extension": extension.number if extension else ""},
        "branches": [{"id": b.pk, "name": b.name, "timezone": b.timezone} for b in own_branches],
        "halls": [_hall(hall) for hall in Hall.objects.for_org(organization).prefetch_related("tables")],
        "services": [_service(each) for each in Service.objects.for_org(organization).filter(is_active=True)],
        "employees": [
            _employee(each)
            for each in Employee.objects.for_org(organization).filter(is_active=True).prefetch_related("skills")
        ],
        "connectors": {
            connector.kind: {"url": links.address(connector, base_url)} | links.own_secrets(connector)
            for connector in Connector.objects.for_org(organization).order_by("id")
        },
        "clients": [{"id": c.pk, "name": c.name, "phone": _phone(c)} for c in clients],
        "contracts": [{"id": c.pk, "number": c.number, "phone": _phone(c)} for c in contracts],
        "products": [],
        "makecall_api_key": dialing_keys.renew(organization),
    }


def _login(login: Login) -> dict[str, Any]:
    return {
        "email": login.member.user.email,
        "password": login.password,
        "member_id": login.member.pk,
        "api_token": login.api_token,
    }


def _hall(hall: Hall) -> dict[str, Any]:
    tables = [{"id": table.pk, "name": table.name, "seats": table.seats} for table in hall.tables.all()]
    return {"id": hall.pk, "branch_id": hall.branch_id, "name": hall.name, "tables": tables}


def _service(service: Service) -> dict[str, Any]:
    return {
        "id": service.pk,
        "branch_id": service.branch_id,
        "title": service.title,
        "duration": service.duration,
        "price": str(service.price),
    }


def _employee(employee: Employee) -> dict[str, Any]:
    return {
        "id": employee.pk,
        "branch_id": employee.branch_id,
        "name": employee.name,
        "job_title_id": employee.job_title_id,
        "service_ids": [skill.service_id for skill in employee.skills.all()],
    }


def _phone(owner: Client | Contract) -> str:
    return next((phone.number for phone in owner.phones.all()), "")


def _moved(demo: dict[str, Any], base_url: str) -> dict[str, Any]:
    """The same demo at another address: everything else is kept."""
    place = urlsplit(base_url)
    for connector in demo["connectors"].values():
        parts = urlsplit(connector["url"])
        connector["url"] = urlunsplit((place.scheme, place.netloc, parts.path, parts.query, ""))
    return demo | {"base_url": base_url}


def _write(path: Path, demo: dict[str, Any]) -> None:
    """Write the file, readable by its owner alone, in one step."""
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(demo, file, ensure_ascii=False, indent=1)
    fresh.replace(path)
