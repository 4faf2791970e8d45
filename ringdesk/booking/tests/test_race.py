"""Thirty-two clients race for the same few times over real HTTP."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise
from threading import Barrier
from typing import Any

import httpx
from django.db import connection

from ringdesk.accounts.tests.api import program
from ringdesk.booking import catalogue
from ringdesk.booking.models import Booking
from ringdesk.booking.tests.conftest import NOON, Salon, make_salon
from ringdesk.config.tests.desk import Desk
from ringdesk.live.models import LiveEvent
from ringdesk.scheduling.models import Occupancy

CLIENTS = 32
ROUNDS = 3


def test_nobody_gets_what_another_has(desk: Desk) -> None:
    salon = _salon()
    token, day = program(salon.organization).token, _day(salon)
    ids = {title: salon.ids(*title.split("+")) for title in ("Haircut", "Haircut+Beard", "Massage", "Pair")}
    gate = Barrier(CLIENTS)

    def race(number: int) -> list[tuple[int, Any]]:
        answers = []
        with httpx.Client(base_url=desk.base_url, timeout=60, headers={"Authorization": f"Bearer {token}"}) as http:
            for turn in range(ROUNDS):
                gate.wait(60)
                wanted = list(ids.values())[(number + turn) % len(ids)]
                hour = f"{10 + (number + turn) % 4}:{'00' if number % 3 else '30'}"
                client = {"external_id": f"bot:{number % 8}", "name": f"Client {number % 8}"}
                args = [salon.branch.pk, wanted, f"{day:%d.%m.%Y}", hour]
                answer = http.post("/api/v1/functions/create_booking", json={"args": args, "client": client})
                answers.append((answer.status_code, answer.json()))
        return answers

    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = [answer for each in pool.map(race, range(CLIENTS)) for answer in each]
    assert Counter(status for status, _body in answers) == {200: CLIENTS * ROUNDS}
    won = [body["booking"]["id"] for _status, body in answers if body["status"]]
    lost = [body for _status, body in answers if not body["status"]]
    assert won and lost
    assert all(body["message"] and 1 <= len(body["alternatives"]) <= 3 for body in lost)
    assert sorted(won) == sorted(Booking.objects.values_list("pk", flat=True))
    assert LiveEvent.objects.filter(type="booking.changed").count() == len(won)
    _assert_no_overlap()
    # One card a person, however many of their bookings were made at once.
    assert Booking.objects.values("client").distinct().count() <= 8
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT name) FROM crm_client")
        assert len(set(cursor.fetchone())) == 1


def test_a_group_has_no_seat_too_many(desk: Desk) -> None:
    salon = _salon()
    token, day = program(salon.organization).token, _day(salon)
    args = [salon.branch.pk, salon.ids("Yoga"), f"{day:%d.%m.%Y}", "12:00"]

    def race(number: int) -> Any:
        body = {"args": args, "client": {"external_id": f"bot:{number}"}}
        headers = {"Authorization": f"Bearer {token}"}
        return desk.post("/api/v1/functions/create_booking", json=body, headers=headers).json()["status"]

    with ThreadPoolExecutor(CLIENTS) as pool:
        won = sum(pool.map(race, range(CLIENTS)))
    assert won == Booking.objects.count() == 5
    assert Booking.objects.values("claim").distinct().count() == 1


def test_moving_onto_one_another(desk: Desk) -> None:
    salon = _salon()
    token, day = program(salon.organization).token, _day(salon)
    made = [salon.book(10 + number, day=day.date()) for number in range(8)]

    def race(number: int) -> Any:
        booking = made[number % 8]
        hour = 10 + (number * 3 + number // 8) % 8
        body = {"args": [booking.pk, f"{day:%d.%m.%Y}", f"{hour}:00"]}
        answer = desk.post(
            "/api/v1/functions/modify_booking_time", json=body, headers={"Authorization": f"Bearer {token}"}
        )
        return answer.status_code

    with ThreadPoolExecutor(CLIENTS) as pool:
        assert set(pool.map(race, range(CLIENTS))) == {200}
    assert Booking.objects.count() == 8
    _assert_no_overlap()


def _salon() -> Salon:
    salon = make_salon("ours")
    room = catalogue.add_pool(salon.branch, name="Room", facilities=["1"])
    salon.add_service("Massage", "Pavel", "Victoria", pools=[room], duration=45, buffer_after=15)
    salon.add_service("Pair", "Pavel", "Victoria", pools=[room], duration=60, employees_needed=2)
    salon.add_service("Yoga", "Pavel", capacity=5)
    return salon


def _day(salon: Salon) -> datetime:
    return NOON.astimezone(salon.branch.zone) + timedelta(days=2)


def _assert_no_overlap() -> None:
    rows = Occupancy.objects.filter(active=True).order_by("resource_id", "during").values_list("resource_id", "during")
    for (one, first), (other, second) in pairwise(rows):
        assert one != other or first.upper <= second.lower
    booked = Booking.objects.filter(status="booked").order_by("employee", "starts_at")
    for earlier, later in pairwise(booked.exclude(claim__kind="session")):
        assert earlier.employee_id != later.employee_id or earlier.ends_at <= later.starts_at
