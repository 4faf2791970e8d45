"""core.rows against what Django itself stores and reads."""

from typing import Any

import pytest
from django.db.models import Model

from ringdesk.accounts.models import ApiToken, Organization
from ringdesk.core.rows import Query, add_rows, add_with_parts
from ringdesk.crm.models import Client, Phone

pytestmark = pytest.mark.django_db
FIELDS: dict[str, Any] = {"name": "Жанна  Ёлкина", "about": "100 %s 'sure'", "tags": ["VIP", "a,b"]}


@pytest.fixture
def tea() -> Organization:
    return Organization.objects.create(name="Tea & co", slug="tea")


def values(row: Model, *without: str) -> dict[str, Any]:
    return {
        field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if field.name not in without
    }


def test_a_row_is_stored_as_django_stores_it(tea: Organization) -> None:
    added = Client(organization=tea, **FIELDS)
    add_rows(added)
    usual = Client.objects.create(organization=tea, **FIELDS)
    stored = Client.objects.get(pk=added.pk)
    assert values(added) == values(stored)
    assert values(stored, "id", "created_at", "updated_at") == values(
        Client.objects.get(pk=usual.pk), "id", "created_at", "updated_at"
    )
    added.name = "Anna"
    added.save()
    assert Client.objects.count() == 2


def test_several_rows_get_the_keys_of_their_own(tea: Organization) -> None:
    card = Client.objects.create(organization=tea, name="Anna")
    phones = [Phone(organization=tea, client=card, number=f"+7{n}", reversed=f"{n}7+", position=n) for n in range(3)]
    add_rows(*phones)
    assert {phone.pk: phone.number for phone in phones} == dict(Phone.objects.values_list("pk", "number"))


def test_a_row_is_stored_with_its_parts(tea: Organization) -> None:
    other = Client.objects.create(organization=tea, name="Anna")
    card = Client(organization=tea, name="Boris")
    phones = [Phone(organization=tea, client=card, number=f"+7{n}", reversed=f"{n}7+", position=n) for n in range(2)]
    add_with_parts(card, phones, "client")
    assert card.pk != other.pk
    assert [values(phone) for phone in phones] == [values(phone) for phone in Phone.objects.order_by("pk")]
    assert {phone.client_id for phone in phones} == {card.pk}
    assert Client.objects.get(phones__number="+71").name == "Boris"


def test_a_query_gives_the_models_that_django_reads(tea: Organization) -> None:
    for number in range(3):
        ApiToken.objects.create(organization=tea, name=f"Bot {number}", token_hash=f"{number}", scopes=["a", "b"])
    query = Query(
        """SELECT {token}, {organization} FROM accounts_apitoken token
        JOIN accounts_organization organization ON organization.id = token.organization_id
        WHERE token.name <> %(not)s ORDER BY token.id DESC""",
        token=ApiToken,
        organization=Organization,
    )
    found = query.rows({"not": "Bot 1"})
    usual = ApiToken.objects.exclude(name="Bot 1").select_related("organization").order_by("-pk")
    assert [(values(token), values(owner)) for token, owner in found] == [
        (values(token), values(token.organization)) for token in usual
    ]
    first = query.first({"not": ""})
    assert first is not None
    assert first[0].name == "Bot 2"
    tea.delete()
    assert query.first({"not": ""}) is None
