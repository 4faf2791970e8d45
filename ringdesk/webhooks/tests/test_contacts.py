"""The question whose caller it is: answered in time or not at all."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from ringdesk.accounts.models import Member, Organization
from ringdesk.core import database
from ringdesk.webhooks import endpoints
from ringdesk.webhooks.contacts import Contacts
from ringdesk.webhooks.courier import configure
from ringdesk.webhooks.models import Endpoint, OutsideCrm
from ringdesk.webhooks.tests.driving import Clock
from ringdesk.webhooks.tests.fake_crm import TOKEN, FakeCrm


@dataclass(frozen=True)
class Link:
    organization_id: int
    extensions: dict[str, int] = field(default_factory=lambda: {"100": 1})


@dataclass(frozen=True)
class Question:
    phone: str = "+79991234567"


@pytest.fixture
def outside(organization: Organization, owner: Member, crm: FakeCrm) -> OutsideCrm:
    made = endpoints.create_crm(
        organization, name="CRM", address=crm.address, token=TOKEN, is_inside=True, by=owner, answers_contact=True
    )
    endpoints.name_user(made, "101", "anna")
    return made


Between = Callable[[int, Contacts, Clock], None]


def ask(
    organization: Organization, times: int = 1, *, between: Between | None = None, deadline: float = 10
) -> list[str | None]:
    clock = Clock(datetime.now(UTC))

    async def asked() -> list[str | None]:
        async with database.open_pool(max_size=2, configure=configure) as pool:
            contacts, answers = Contacts(pool, clock, deadline), []
            for number in range(times):
                if between:
                    await database.in_thread(between, number, contacts, clock)
                answers.append(await contacts.ask(Link(organization.pk), Question()))
            return answers

    return asyncio.run(asked())


@pytest.mark.parametrize(
    ("said", "heard"), [("100", "100"), ("anna", "101"), ("", ""), ("999", None), (None, None), (["100"], None)]
)
def test_the_answer_is_an_extension_we_know(
    organization: Organization, outside: OutsideCrm, crm: FakeCrm, said: object, heard: str | None
) -> None:
    crm.responsible = said
    assert ask(organization) == [heard]
    assert crm.taken == [{"cmd": "contact", "phone": "89991234567"}]


def test_nobody_is_asked_who_does_not_answer(organization: Organization, outside: OutsideCrm, crm: FakeCrm) -> None:
    endpoints.change(outside, answers_contact=False)
    stranger = Organization.objects.create(name="X", slug="x")
    assert ask(organization) + ask(stranger) == [None, None]
    assert crm.asked == 0


@pytest.mark.parametrize(
    "mood", [{"status": 500}, {"is_down": True}, {"reply": b"no json"}, {"token": "x"}, {"delay": 5}]
)
def test_without_an_answer_in_time_ours_counts(
    organization: Organization, outside: OutsideCrm, crm: FakeCrm, mood: dict[str, object]
) -> None:
    for name, value in mood.items():
        setattr(crm, name, value)
    began = time.monotonic()
    assert ask(organization, deadline=0.5) == [None]
    assert time.monotonic() - began < 3


def test_after_three_failures_nobody_waits_for_it(
    organization: Organization, outside: OutsideCrm, crm: FakeCrm
) -> None:
    crm.is_down = True
    crm.responsible = "100"

    def between(number: int, _contacts: Contacts, clock: Clock) -> None:
        if number == 6:
            crm.is_down = False
            clock.now += timedelta(seconds=11)

    assert ask(organization, 8, between=between) == [None] * 6 + ["100", "100"]
    assert crm.asked == 3 + 2


def test_while_deliveries_find_it_down_it_is_not_asked(
    organization: Organization, outside: OutsideCrm, crm: FakeCrm
) -> None:
    crm.responsible = "100"
    Endpoint.objects.update(open_until=datetime.now(UTC) + timedelta(minutes=1))
    assert ask(organization) == [None]
    endpoints.try_now(Endpoint.objects.get())
    assert ask(organization) == ["100"]


def test_who_is_asked_is_kept_in_memory_until_something_changes(
    organization: Organization, outside: OutsideCrm, crm: FakeCrm
) -> None:
    crm.responsible = "anna"

    def between(number: int, contacts: Contacts, _clock: Clock) -> None:
        if number == 1:
            endpoints.change(outside, answers_contact=False)
        if number == 2:
            contacts.forget()

    assert ask(organization, 3, between=between) == ["101", "101", None]
