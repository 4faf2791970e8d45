"""What an assistant is told at once, and what is left out where there is too much of it."""

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from ringdesk.booking.bots import info


def test_a_long_list_of_services_costs_neither_who_does_them_nor_the_other_branches() -> None:
    def branch(id: int, services: int) -> dict[str, Any]:
        ids = [1000 * id + number for number in range(services)]
        return {
            "id": id,
            "services": [{"id": each, "title": "Service " * 10, "description": "", "price": 100} for each in ids],
            "employees": [{"id": id, "name": "Pavel", "service_ids": ids}],
            "free": [{"service_id": each, "dates": {}} for each in ids],
        }

    shown, body = info._fitting([branch(1, 900), branch(2, 5)])
    assert info.LARGEST / 4 < len(body) <= info.LARGEST
    long, short = shown
    assert short == branch(2, 5)
    ids = [each["id"] for each in long["services"]]
    assert [each["service_id"] for each in long["free"]] == ids == long["employees"][0]["service_ids"]


def _branch(id: int, services: int, days: int = 14) -> dict[str, Any]:
    ids = [1000 * id + number for number in range(services)]
    dates = {f"{day:02}.12.2026": ["10:00", "10:30", "11:00", "11:30"] for day in range(1, days + 1)}
    return {
        "id": id,
        "services": [{"id": each, "title": f"Service {each}", "description": "Long", "price": 100} for each in ids],
        "employees": [{"id": id, "name": "Pavel", "service_ids": ids}],
        "free": [{"service_id": each, "dates": dates} for each in ids],
    }


def test_a_branch_with_much_to_say_costs_the_others_none_of_their_free_times() -> None:
    small, large, larger = _branch(1, 5), _branch(2, 60), _branch(3, 150)
    shown, body = info._fitting([larger, small, large])
    assert info.LARGEST / 2 < len(body) <= info.LARGEST
    days = [{len(one["dates"]) for one in company["free"]} for company in shown]
    assert days == [{2}, {14}, {7}]
    assert shown[1] == small
    assert [{name: each[name] for name in ("services", "employees")} for each in shown] == [
        {name: each[name] for name in ("services", "employees")} for each in (larger, small, large)
    ]


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 14)), max_size=6))
def test_info_always_fits_and_who_needs_no_more_than_an_equal_part_keeps_all(wanted: list[tuple[int, int]]) -> None:
    companies = [_branch(number, *each) for number, each in enumerate(wanted, 1)]
    shown, body = info._fitting(companies)
    assert len(body) <= info.LARGEST
    assert [each["id"] for each in shown] == [each["id"] for each in companies]
    part = (info.LARGEST - 100) // max(1, len(companies))
    for before, after in zip(companies, shown, strict=True):
        assert after == before or len(orjson.dumps(before)) > part


def test_more_branches_than_an_assistant_can_be_told_of_are_left_out() -> None:
    branch = {"name": "Ж" * 100, "address": "я" * 200, "services": [], "employees": [], "free": []}
    shown, body = info._fitting([{"id": number, **branch} for number in range(300)])
    assert len(body) <= info.LARGEST
    assert [each["id"] for each in shown] == list(range(75))
