import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringdesk.core import phones

SPELLINGS = [
    "+79230000001",
    "89230000001",
    "79230000001",
    "9230000001",
    "8 (923) 000-00-01",
    "+7 923 000 00 01",
    "0079230000001",
    "81079230000001",
    " 79230000001",
    "+8 923 000-00-01",
    "sip:79230000001@pbx.example",
    "tel:+7-923-000-00-01",
    "79230000001_id265648",
]


@pytest.mark.parametrize("raw", SPELLINGS)
def test_one_number_has_one_spelling(raw: str) -> None:
    assert phones.normalize(raw, "RU") == "+79230000001"


@pytest.mark.parametrize(
    ("raw", "region", "number"),
    [
        ("100", "RU", "100"),
        ("3333333", "RU", "3333333"),
        ("02", "RU", "02"),
        ("anonymous", "RU", ""),
        ("Скрыт", "RU", ""),
        ("", "RU", ""),
        ("---", "RU", ""),
        ("+49 30 901820", "RU", "+4930901820"),
        ("030 901820", "DE", "+4930901820"),
        ("87012345678", "KZ", "+77012345678"),
        ("375291234567", "RU", "+375291234567"),
        ("(202) 456-1111", "US", "+12024561111"),
    ],
)
def test_numbers_of_other_shapes_and_countries(raw: str, region: str, number: str) -> None:
    assert phones.normalize(raw, region) == number


@given(st.text(max_size=60), st.sampled_from(["RU", "KZ", "DE", "US", "GB"]))
def test_whatever_comes_in_a_number_or_nothing_comes_out(raw: str, region: str) -> None:
    number = phones.normalize(raw, region)
    assert number.removeprefix("+").isdecimal() or number == ""
    assert len(number) <= phones.MAX_LENGTH


@given(st.integers(min_value=9_000_000_000, max_value=9_999_999_999), st.sampled_from(["+7", "8", "7", ""]))
def test_every_russian_mobile_number_is_itself_in_every_spelling(national: int, prefix: str) -> None:
    assert phones.normalize(f"{prefix}{national}") == f"+7{national}"


@given(st.sampled_from([*SPELLINGS, "100", "", "+4930901820"]))
def test_normalizing_twice_changes_nothing(raw: str) -> None:
    once = phones.normalize(raw)
    assert phones.normalize(once) == once


def test_reverse_and_display() -> None:
    assert phones.reverse("+79230000001") == "10000003297"
    assert phones.display("+79230000001") == "+7 923 000-00-01"
    assert phones.display("100") == "100"


@given(st.integers(min_value=1_000_000_000, max_value=9_999_999_999))
def test_the_shortcut_says_what_the_numbering_plans_say(national: int) -> None:
    number = phonenumbers.parse(f"+7{national}", "RU")
    assert phonenumbers.is_possible_number(number)
    assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == phones.normalize(f"+7{national}")
