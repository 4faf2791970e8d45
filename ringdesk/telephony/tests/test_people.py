"""Whose extension is whose."""

from ringdesk.telephony.connectors.base import Colleague
from ringdesk.telephony.people import Person, propose

ANNA, BORIS = Person(1, "Анна Ким", "anna@quay.example"), Person(2, "Лебедев Борис", "boris@quay.example")


def found(*colleagues: Colleague, held: dict[str, int] | None = None) -> list[tuple[str, int]]:
    return [(one.colleague.extension, one.member_id) for one in propose(colleagues, [ANNA, BORIS], held or {})]


def test_the_email_tells_and_then_the_name() -> None:
    assert found(Colleague("1", "Somebody", "BORIS@quay.example "), Colleague("2", "Ким Анна Петровна")) == [
        ("1", 2), ("2", 1),
    ]  # fmt: skip
    assert found(Colleague("1", "Анна"), Colleague("2"), Colleague("3", "Kim")) == [("1", 0), ("2", 0), ("3", 0)]


def test_whoever_has_one_gets_no_other() -> None:
    assert found(Colleague("1", "Анна Ким"), Colleague("2", "Анна Ким")) == [("1", 1), ("2", 0)]
    assert found(Colleague("7", "Анна Ким"), Colleague("8"), held={"8": 1}) == [("7", 0), ("8", 1)]


def test_two_of_one_name_are_left_to_the_member() -> None:
    twin = Person(3, "Анна Ким", "")
    assert [one.member_id for one in propose([Colleague("1", "Анна Ким")], [ANNA, twin], {})] == [0]
