"""What can be booked, schedules, free times and bookings over HTTP: by the owner's program and by a stranger's."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ringdesk.accounts.models import Branch
from ringdesk.accounts.tests.api import Answer, Program, program
from ringdesk.booking.models import Booking
from ringdesk.booking.tests.conftest import DAY, Clock, Salon
from ringdesk.crm import clients
from ringdesk.scheduling import schedule
from ringdesk.scheduling.hours import DayHours
from ringdesk.telephony.tests.past import call_of


@pytest.fixture
def api(ours: Salon) -> Program:
    return program(ours.organization)


def fields(answer: Answer) -> list[str]:
    return [error["field"] for error in answer.json["errors"]]


def wish(ours: Salon, hour: float, *titles: str, **more: Any) -> dict[str, Any]:
    return {"service_ids": ours.ids(*titles or ("Haircut",)), "starts_at": ours.at(hour).isoformat()} | more


def test_owner_colleague_stranger(ours: Salon, theirs: Salon, api: Program) -> None:
    pavel, booking = ours.employees["Pavel"], ours.book(16)
    things = {
        "service-categories": ours.category.pk, "job-titles": ours.job_title.pk, "employees": pavel.pk,
        "services": ours.services["Haircut"].pk, "bookings": booking.pk,
    }  # fmt: skip
    blind, alien = program(ours.organization, "clients:read"), program(theirs.organization)
    readonly = program(ours.organization, *(f"{name}:read" for name in [*things, "schedules", "slots"]))
    everybody = (api, readonly, blind, alien)
    for resource, id in things.items():
        assert [each.get(f"{resource}/{id}").status for each in everybody] == [200, 200, 403, 404]
        assert [each.get(resource).status for each in everybody] == [200, 200, 403, 200]
        assert id not in [item["id"] for item in alien.get(resource).json["items"]]
        assert [each.patch(f"{resource}/{id}", {}).status for each in everybody] == [200, 403, 403, 404]
        assert [each.post(resource, {}).status for each in (readonly, blind)] == [403, 403]
        if resource != "bookings":
            assert [each.delete(f"{resource}/{id}").status for each in everybody[1:]] == [403, 403, 404]
    assert [each.get(f"schedules/{pavel.pk}").status for each in everybody] == [200, 200, 403, 404]
    week = {"week": [None] * 7}
    assert [each.send("PUT", f"schedules/{pavel.pk}", week).status for each in everybody[1:]] == [403, 403, 404]
    day = {"first_day": "2026-11-23"}
    assert [each.post(f"schedules/{pavel.pk}/days", day).status for each in everybody[1:]] == [403, 403, 404]
    acts: dict[str, Any] = {"move": {"duration": 30}, "status": {"status": "arrived"}, "cancel": {}, "confirm": {}}
    for act, body in acts.items():
        answers = [each.post(f"bookings/{booking.pk}/{act}", body).status for each in everybody[1:]]
        assert answers == [403, 403, 404]
    slots = f"slots?service_ids={ours.ids('Haircut')[0]}"
    assert [each.send("GET", slots).status for each in everybody] == [200, 200, 403, 400]
    for body in (
        wish(theirs, 12), wish(ours, 12, employee_id=theirs.employees["Pavel"].pk),
        wish(ours, 12, branch_id=theirs.branch.pk), wish(ours, 12, assistant_ids=[theirs.employees["Pavel"].pk]),
        wish(ours, 12, client_id=clients.create(theirs.organization, name="Alien").pk),
    ):  # fmt: skip
        assert api.post("bookings", body).status == 400
    assert api.patch(f"employees/{pavel.pk}", {"service_ids": theirs.ids("Haircut")}).status == 400
    assert api.patch(f"employees/{pavel.pk}", {"job_title_id": theirs.job_title.pk}).status == 400
    assert api.patch(f"services/{things['services']}", {"category_id": theirs.category.pk}).status == 400
    booking.refresh_from_db()
    assert (booking.status, booking.version, Booking.objects.count()) == ("booked", 1, 1)


def test_what_can_be_booked_is_set_up_over_the_api(ours: Salon, api: Program) -> None:
    category = api.post("service-categories", {"name": " Nail  care ", "description": "Hands"})
    assert (category.status, category.json["name"], category.json["version"]) == (201, "Nail care", 1)
    title = api.post("job-titles", {"name": "Nail artist"}).json
    made = api.post("services", {"title": "Manicure", "category_id": category.json["id"], "price": "1600.50"})
    assert made.status == 201
    assert made.json | {"id": 0} == {
        "id": 0, "branch_id": ours.branch.pk, "category_id": category.json["id"], "title": "Manicure",
        "description": "", "price": "1600.50", "currency": "RUB", "duration": 60, "buffer_before": 0,
        "buffer_after": 0, "capacity": 1, "employees_needed": 1, "pool_ids": [], "notice": None, "horizon": None,
        "is_online": True, "is_active": True, "position": 3, "version": 1,
    }  # fmt: skip
    service = made.json["id"]
    skills = [{"service_id": service, "price": "2000", "duration": 90}]
    employee = api.post("employees", {"name": "Marina", "job_title_id": title["id"], "services": skills}).json
    assert employee["services"] == [{"service_id": service, "price": "2000.00", "duration": 90}]
    assert employee["service_ids"] == [service]
    assert api.get("employees", service_id=service).json["items"] == [employee]
    schedule = api.get(f"schedules/{employee['id']}")
    assert schedule.json["week"] == [None] * 7
    day = {"starts": "09:00", "ends": "18:00", "breaks": [{"starts": "13:00", "ends": "14:00"}]}
    night = {"starts": "20:00", "ends": "02:00", "breaks": []}
    set_week = api.send("PUT", f"schedules/{employee['id']}", {"week": [day] * 5 + [None, night]}, If_Match='"1"')
    assert (set_week.status, set_week.json["week"]) == (200, [day] * 5 + [None, night])
    assert api.send("PUT", f"schedules/{employee['id']}", {"week": [None] * 7}, If_Match='"1"').problem == "stale"
    off = api.post(f"schedules/{employee['id']}/days", {"first_day": "2026-11-24", "note": "Ill"}).json
    assert off["exceptions"] == [
        {"first_day": "2026-11-24", "last_day": "2026-11-24", "hours": None, "note": "Ill"}
    ]  # fmt: skip
    slots = api.send("GET", f"slots?service_ids={service}&date=2026-11-23&days=3&step=60").json["items"]
    assert [each["starts_at"] for each in slots if "11-24" in each["starts_at"]] == []
    assert [each["starts_at"][11:16] for each in slots if "11-23" in each["starts_at"]] == [
        "00:00", "09:00", "10:00", "11:00", "14:00", "15:00", "16:00",
    ]  # fmt: skip
    assert slots[0]["employee_ids"] == [employee["id"]]
    assert api.post(f"schedules/{employee['id']}/days", {"first_day": "2026-11-24", "clear": True}).json[
        "exceptions"
    ] == []  # fmt: skip
    changed = api.patch(f"services/{service}", {"price": "1.10", "is_online": False}, If_Match='"1"')
    assert (changed.status, changed.json["price"], changed.json["version"]) == (200, "1.10", 2)
    assert api.patch(f"services/{service}", {"price": "1"}, If_Match='"1"').problem == "stale"
    assert [api.delete(path).status for path in (
        f"employees/{employee['id']}", f"services/{service}", f"job-titles/{title['id']}",
        f"service-categories/{category.json['id']}",
    )] == [204] * 4  # fmt: skip
    assert api.get(f"services/{service}").status == 404


def test_a_booking_from_taken_to_cancelled(ours: Salon, api: Program) -> None:
    pavel = ours.employees["Pavel"].pk
    said = wish(ours, 16, "Haircut", "Beard", employee_id=pavel, phone="8 923 000-00-01", client_name="Ivan")
    made = api.post("bookings", said, Idempotency_Key="once")
    again = api.post("bookings", said, Idempotency_Key="once")
    assert (made.status, again.json) == (201, made.json)
    assert api.post("bookings", said | {"notes": "x"}, Idempotency_Key="once").status == 422
    booking = made.json
    assert booking | {"id": 0, "client_id": 0, "created_at": "", "updated_at": "", "services": []} == {
        "id": 0, "branch_id": ours.branch.pk, "employee_id": pavel, "assistant_ids": [], "services": [],
        "starts_at": "2026-11-23T16:00:00+07:00", "ends_at": "2026-11-23T17:45:00+07:00", "duration": 105,
        "status": "booked", "held_until": None, "client_id": 0, "client_name": "Ivan", "phone": "+79230000001",
        "total": "2300.00", "price": None, "currency": "RUB", "notes": "", "source": "api", "series": None,
        "call_id": None, "version": 1, "created_at": "", "updated_at": "",
    }  # fmt: skip
    assert booking["services"][1] == {
        "service_id": ours.ids("Beard")[0], "title": "Beard", "price": "800.00", "duration": 45,
    }  # fmt: skip
    path = f"bookings/{booking['id']}"
    assert api.get(path).json == booking
    taken = api.post("bookings", wish(ours, 16.5, employee_id=pavel))
    assert (taken.status, taken.problem, fields(taken)) == (409, "conflict", ["starts_at"])
    assert [each["starts_at"][11:16] for each in taken.json["alternatives"]] == ["14:00", "14:30", "15:00"]
    assert taken.json["alternatives"][0]["employee_id"] == pavel
    moved = api.post(f"{path}/move", {"starts_at": ours.at(9).isoformat()}, If_Match='"1"')
    assert (moved.status, moved.json["starts_at"], moved.headers["ETag"]) == (200, "2026-11-23T09:00:00+07:00", '"2"')
    stale = api.patch(path, {"notes": "Late"}, If_Match='"1"')
    assert (stale.status, stale.problem, stale.json["version"]) == (409, "stale", 2)
    changed = api.patch(path, {"notes": "Late", "price": "100", "service_ids": ours.ids("Beard")}).json
    assert (changed["notes"], changed["total"], changed["duration"]) == ("Late", "100.00", 45)
    assert api.patch(path, {"price": None, "duration": 50}).json["total"] == "800.00"
    assert api.post(f"{path}/status", {"status": "arrived"}).json["status"] == "arrived"
    assert api.post(f"{path}/cancel", {}).json["status"] == "cancelled"
    assert api.post(f"{path}/move", {"duration": 30}).status == 400


def test_a_time_that_is_kept(ours: Salon, api: Program, clock: Clock) -> None:
    held = api.post("bookings", wish(ours, 16, employee_id=ours.employees["Pavel"].pk, hold_minutes=10)).json
    assert (held["status"], held["held_until"] is None) == ("held", False)
    path = f"bookings/{held['id']}"
    assert api.post(f"{path}/confirm", {"client_name": "Ivan", "phone": "+79230000001"}).json["status"] == "booked"
    late = api.post("bookings", wish(ours, 12, employee_id=ours.employees["Pavel"].pk, hold_minutes=10)).json
    clock.advance(minutes=11)
    ours.book(12)
    answer = api.post(f"bookings/{late['id']}/confirm")
    assert (answer.status, bool(answer.json["alternatives"])) == (409, True)


def test_pages_and_filters(ours: Salon, api: Program) -> None:
    made = [ours.book(10 + number, phone=f"+7923000000{number}").pk for number in range(5)]
    first = api.get("bookings", limit=2).json
    second = api.get("bookings", limit=3, after=first["next"]).json
    assert [each["id"] for each in (*first["items"], *second["items"])] == made
    assert second["next"] is None
    assert [each["id"] for each in api.get("bookings", phone="89230000002").json["items"]] == [made[2]]
    since = ours.at(13).isoformat()
    assert [each["id"] for each in api.get("bookings", since=since).json["items"]] == made[3:]
    assert api.get("bookings", status="cancelled").json["items"] == []
    assert api.get("bookings", employee_id=ours.employees["Victoria"].pk).json["items"] == []
    path = f"slots?service_ids={ours.ids('Haircut')[0]}&date={DAY}&limit=3"
    page = api.send("GET", path).json
    rest = api.send("GET", f"{path}&after={page['next']}").json
    starts = [each["starts_at"] for each in (*page["items"], *rest["items"])]
    assert (len(starts), starts) == (6, sorted(set(starts)))
    assert api.send("GET", f"{path}&after=nonsense").status == 400


def test_what_is_wrong_is_said_in_the_language_asked_for(ours: Salon, api: Program) -> None:
    hours, day = f"schedules/{ours.employees['Pavel'].pk}", {"starts": "9:00", "ends": "18:00"}
    said = [
        api.send("PUT", hours, {"week": [day, *[None] * 6]}, Accept_Language="ru"),
        api.send("POST", f"{hours}/days", {"first_day": "soon"}, Accept_Language="ru"),
        api.send("POST", "services", {"title": "A", "price": "much", "currency": "rub"}, Accept_Language="ru"),
    ]
    assert [{each["field"]: each["detail"] for each in answer.json["errors"]} for answer in said] == [
        {"week.0.starts": "Здесь нужно время суток, например 09:30."},
        {"first_day": "Здесь нужна дата, например 2026-11-21."},
        {"price": "Здесь нужно число, например 1500.00.", "currency": "Здесь нужен код валюты, например EUR."},
    ]


def test_the_call_a_booking_was_made_from_is_one_of_the_organization(ours: Salon, theirs: Salon, api: Program) -> None:
    mine, alien = call_of(ours.organization), call_of(theirs.organization)
    refused = api.post("bookings", wish(ours, 12, call_id=str(alien.pk)))
    assert (refused.status, fields(refused)) == (400, ["call_id"])
    assert api.post("bookings", wish(ours, 12, call_id=str(mine.pk))).json["call_id"] == str(mine.pk)
    assert Booking.objects.count() == 1


def test_the_hour_that_comes_twice(ours: Salon, api: Program, clock: Clock) -> None:
    clock.now = datetime(2026, 10, 20, 9, tzinfo=UTC)
    ours.branch.timezone = "Europe/Berlin"
    ours.branch.save()
    schedule.set_week(ours.employees["Pavel"].resource, [DayHours(0, 1440)] * 7)
    path = f"slots?service_ids={ours.ids('Haircut')[0]}&date=2026-10-25&step=60&online=false"
    slots = api.send("GET", f"{path}&employee_id={ours.employees['Pavel'].pk}&limit=3").json
    assert [each["starts_at"][11:] for each in slots["items"]] == ["00:00:00+02:00", "01:00:00+02:00", "02:00:00+02:00"]
    more = api.send("GET", f"{path}&employee_id={ours.employees['Pavel'].pk}&limit=2&after={slots['next']}").json
    assert [each["starts_at"][11:] for each in more["items"]] == ["02:00:00+01:00", "03:00:00+01:00"]
    assert [each["employee_ids"] for each in more["items"]] == [[ours.employees["Pavel"].pk]] * 2


def test_a_second_branch_has_to_be_named(ours: Salon, api: Program) -> None:
    Branch.objects.create(organization=ours.organization, name="Second")
    assert fields(api.post("bookings", wish(ours, 12))) == ["branch_id"]
    assert api.post("bookings", wish(ours, 12, branch_id=ours.branch.pk)).status == 201


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"starts_at": "2026-11-23T12:00:00"}, "starts_at"),
        ({"starts_at": "1999-11-23T12:00:00Z"}, "starts_at"),
        ({"service_ids": []}, "service_ids"),
        ({"service_ids": [999999]}, "service_ids"),
        ({"employee_id": 999999}, "employee_id"),
        ({"assistant_ids": [999999]}, "assistant_ids"),
        ({"client_id": 999999}, "client_id"),
        ({"call_id": "01932f0c-7b2e-7000-8000-000000000001"}, "call_id"),
        ({"phone": "none"}, "phone"),
        ({"duration": 0}, "duration"),
        ({"price": "-1"}, "price"),
        ({"price": "1.234"}, "price"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be(ours: Salon, api: Program, more: dict[str, Any], field: str) -> None:
    answer = api.post("bookings", wish(ours, 12) | more)
    assert (answer.status, fields(answer)) == (400, [field])
    assert Booking.objects.count() == 0
