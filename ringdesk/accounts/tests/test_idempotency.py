"""A POST sent twice is done once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from ringdesk.accounts.models import IdempotentAnswer
from ringdesk.accounts.tests.api import Answer, Program, program
from ringdesk.accounts.tests.conftest import House
from ringdesk.crm.models import Client

ANNA = {"name": "Anna", "phones": ["+79130000002"]}


@pytest.fixture
def ours(house: House) -> Program:
    return program(house.organization)


def test_the_same_answer_again(ours: Program) -> None:
    first = ours.post("clients", ANNA, Idempotency_Key="1")
    again = ours.send("POST", "clients", raw=b'{ "phones": ["+79130000002"], "name": "Anna" }', Idempotency_Key="1")
    assert (first.status, again.status, again.json) == (201, 201, first.json)
    assert [first.headers[name] == again.headers[name] for name in ("Location", "ETag", "Content-Type")] == [True] * 3
    assert again.headers["Idempotency-Replayed"] == "true"
    assert ours.post("clients", ANNA, Idempotency_Key="2").json["id"] != first.json["id"]
    assert ours.post("clients", ANNA).json["id"] != first.json["id"]


def test_another_request_with_the_key_is_refused(ours: Program) -> None:
    first = ours.post("clients", ANNA, Idempotency_Key="1")
    for path, body in (
        ("clients", ANNA | {"name": "Inna"}),
        ("leads", ANNA),
        (f"clients/{first.json['id']}/merge", ANNA),
    ):
        other = ours.post(path, body, Idempotency_Key="1")
        assert (other.status, other.problem) in {(422, "idempotency-key-reused"), (400, "malformed")}
    assert ours.post("leads", ANNA, Idempotency_Key="1").status == 422
    assert Client.objects.count() == 1


def test_a_refusal_is_kept_too_but_what_was_malformed_may_be_sent_again(ours: Program) -> None:
    client = ours.post("clients", ANNA).json
    contract = {"number": "1", "client_id": client["id"]}
    taken = ours.post("contracts", contract).json
    assert ours.post("contracts", contract, Idempotency_Key="1").status == 409
    ours.delete(f"contracts/{taken['id']}")
    kept = ours.post("contracts", contract, Idempotency_Key="1")
    assert (kept.status, kept.problem) == (409, "conflict")
    assert ours.post("clients", {"name": 5}, Idempotency_Key="2").status == 400
    assert ours.post("clients", ANNA, Idempotency_Key="2").status == 201


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_no_keys(ours: Program, key: str) -> None:
    answer = ours.post("clients", ANNA, Idempotency_Key=key)
    assert (answer.status, answer.json["errors"][0]["field"]) == (400, "Idempotency-Key")


def test_the_keys_of_two_programs_have_nothing_to_do_with_each_other(
    house: House, stranger: House, ours: Program
) -> None:
    first = ours.post("clients", ANNA, Idempotency_Key="1").json["id"]
    others = [program(house.organization), program(stranger.organization)]
    assert first not in [other.post("clients", ANNA, Idempotency_Key="1").json["id"] for other in others]


def test_who_may_not_ask_gets_no_kept_answer(house: House, ours: Program) -> None:
    ours.post("clients", ANNA, Idempotency_Key="1")
    assert program(house.organization, "clients:read").post("clients", ANNA, Idempotency_Key="1").status == 403
    assert Program("").post("clients", ANNA, Idempotency_Key="1").status == 401


def test_after_a_day_the_key_is_new(ours: Program) -> None:
    first = ours.post("clients", ANNA, Idempotency_Key="1").json["id"]
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert ours.post("clients", ANNA | {"name": "Inna"}, Idempotency_Key="1").json["id"] != first


@pytest.mark.django_db(transaction=True)
def test_sent_at_once_it_is_done_once(house: House) -> None:
    ours = program(house.organization)

    def send(_number: int) -> Answer:
        try:
            return ours.post("clients", ANNA, Idempotency_Key="1")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, range(6)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert Client.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_crash_leaves_the_key_free(house: House, monkeypatch: Any) -> None:
    ours = program(house.organization)

    def crash(*arguments: Any) -> None:
        raise RuntimeError("the disk is gone")

    with monkeypatch.context() as broken:
        broken.setattr("ringdesk.crm.api.made", crash)
        with pytest.raises(RuntimeError):
            ours.post("clients", ANNA, Idempotency_Key="1")
    assert (Client.objects.count(), IdempotentAnswer.objects.count()) == (0, 0)
    assert ours.post("clients", ANNA, Idempotency_Key="1").status == 201
