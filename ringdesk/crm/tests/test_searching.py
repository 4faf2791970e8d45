import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from ringdesk.crm import clients, contracts
from ringdesk.crm.models import Client
from ringdesk.crm.searching import spellings
from ringdesk.crm.tests.conftest import IVAN, House


@pytest.fixture
def house(ours: House, theirs: House) -> House:
    theirs.client("Пётр Семёнов", IVAN)
    ours.client("Пётр Семёнов", IVAN)
    ours.client("Иванова Анна", "+79130000002")
    vector = ours.client("ООО «Вектор 24»", kind="company")
    contracts.create(vector, number="1", phones=["+73832104400"])
    ours.client("100%_o\\k", "100")
    ours.client("Ян")
    return ours


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("пет", ["Пётр Семёнов"]),
        ("ЁТР", ["Пётр Семёнов"]),
        ("менов", ["Пётр Семёнов"]),
        ("семёнов петр", ["Пётр Семёнов"]),
        ("анна ива", ["Иванова Анна"]),
        ("ан", ["Иванова Анна"]),
        ("я", ["Ян"]),
        ("ваш", []),
        ("вектор 24", ["ООО «Вектор 24»"]),
        ("%", ["100%_o\\k"]),
        ("0%_O\\K", ["100%_o\\k"]),
        ("+79230000001", ["Пётр Семёнов"]),
        ("8 (923) 000-00-01", ["Пётр Семёнов"]),
        ("8-923", ["Пётр Семёнов"]),
        ("+7 (923) 0", ["Пётр Семёнов"]),
        ("923-00", ["Пётр Семёнов"]),
        ("00-01", ["Пётр Семёнов"]),
        ("3000", ["Иванова Анна", "Пётр Семёнов"]),
        ("иванова 0002", ["Иванова Анна"]),
        ("иванова 0001", []),
        ("210-44", ["ООО «Вектор 24»"]),
        ("24", ["ООО «Вектор 24»"]),
        ("100", ["100%_o\\k"]),
        ("\x00", ["100%_o\\k", "Иванова Анна", "ООО «Вектор 24»", "Пётр Семёнов", "Ян"]),
        ("", ["100%_o\\k", "Иванова Анна", "ООО «Вектор 24»", "Пётр Семёнов", "Ян"]),
        ("x" * 5000, []),
    ],
)
def test_any_part_of_name_or_number(house: House, query: str, names: list[str]) -> None:
    assert [client.name for client in clients.search(house.organization, query)] == names


def test_names_that_begin_with_it_come_first(ours: House) -> None:
    for name in ("Аркадий Иванов", "Иванов Аркадий"):
        ours.client(name)
    assert [client.name for client in clients.search(ours.organization, "иван")] == [
        "Иванов Аркадий",
        "Аркадий Иванов",
    ]


def test_a_change_of_the_name_is_found(ours: House) -> None:
    client = ours.client("Анна")
    clients.change(client, name="Жанна")
    assert list(clients.search(ours.organization, "жан")) == [client]


def test_it_can_be_filtered_and_counted(house: House) -> None:
    assert clients.search(house.organization, "000").filter(kind="person").count() == 2


@given(st.text(max_size=40))
def test_what_a_number_may_look_like_never_fails(query: str) -> None:
    digits, beginnings = spellings(query, "RU")
    assert digits.isdigit() or digits == ""
    assert all(number.startswith("+") for number in beginnings)


def test_the_indexes_serve_the_search(ours: House) -> None:
    """Among many clients no query walks the whole table of names."""
    Client.objects.bulk_create(
        [Client(organization=ours.organization, name=f"Гость {number:06}") for number in range(5_000)]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE crm_client")
    assert "client_name_grams" in clients.search(ours.organization, "ость 001999").explain()
