"""Halls, tables and reservations over HTTP: by the owner's program, one without the scope, and a stranger's."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from ringdesk.accounts.models import Branch
from ringdesk.accounts.tests.api import Answer, Program, program
from ringdesk.crm import clients
from ringdesk.crm.models import Client
from ringdesk.hall import halls
from ringdesk.hall.models import Hall, Reservation, Table
from ringdesk.hall.tests.conftest import Restaurant, browser_of
from ringdesk.telephony.tests.past import call_of

IVAN = "+79230000001"


@pytest.fixture
def api(ours: Restaurant) -> Program:
    return program(ours.organization)


def wish(ours: Restaurant, start: float, end: float, *tables: str, **more: Any) -> dict[str, Any]:
    span = ours.at(start, end)
    ids = [ours.tables[name].pk for name in tables]
    times = {"starts_at": span.start.isoformat(), "ends_at": span.end.isoformat()}
    return times | {"guests": 2, "table_ids": ids} | more


def fields(answer: Answer) -> list[str]:
    return [error["field"] for error in answer.json["errors"]]


def test_owner_colleague_stranger(ours: Restaurant, theirs: Restaurant, api: Program) -> None:
    reservation = ours.book(12, 13, "1")
    table, hall = ours.tables["1"], ours.tables["1"].hall
    blind, alien = program(ours.organization, "clients:read"), program(theirs.organization)
    readonly = program(ours.organization, "halls:read", "tables:read", "reservations:read")
    everybody = (api, readonly, blind, alien)
    things = {"halls": hall.pk, "tables": table.pk, "reservations": reservation.pk}
    for resource, id in things.items():
        assert [each.get(f"{resource}/{id}").status for each in everybody] == [200, 200, 403, 404]
        assert [each.get(resource).status for each in everybody] == [200, 200, 403, 200]
        assert id not in [item["id"] for item in alien.get(resource).json["items"]]
        assert [each.patch(f"{resource}/{id}", {}).status for each in everybody] == [200, 403, 403, 404]
        assert [each.post(resource, {}).status for each in (readonly, blind)] == [403, 403]
    for resource in ("halls", "tables"):
        assert [each.delete(f"{resource}/{things[resource]}").status for each in everybody[1:]] == [403, 403, 404]
    acts: dict[str, dict[str, Any]] = {"move": {"table_ids": []}, "course": {"course": "arrived"}, "cancel": {}}
    for act, body in acts.items():
        path = f"reservations/{reservation.pk}/{act}"
        assert [each.post(path, body).status for each in everybody[1:]] == [403, 403, 404]
    statuses = [each.get("reservation-statuses") for each in (blind, alien)]
    assert [answer.status for answer in statuses] == [403, 200]
    assert ours.standard.pk not in [status["id"] for status in statuses[1].json["items"]]
    reservation.refresh_from_db()
    assert (reservation.course, reservation.version) == ("expected", 1)


def test_a_limited_seat_sees_its_branches_only(ours: Restaurant) -> None:
    reservation = ours.book(12, 13, "1")
    hostess = ours.member("hostess")
    hostess.branches.add(Branch.objects.create(organization=ours.organization, name="Elsewhere"))
    browser = browser_of(hostess)
    assert browser.get(f"/api/v1/reservations/{reservation.pk}").status_code == 404
    assert [browser.get(f"/api/v1/{path}").json()["items"] for path in ("halls", "tables", "reservations")] == [
        [],
        [],
        [],
    ]


def test_a_reservation_is_taken_and_shown_in_the_branches_time(ours: Restaurant, api: Program) -> None:
    call = call_of(ours.organization).pk
    made = api.post("reservations", wish(
        ours, 12, 13.5, "1", guests=3, phone="8 923 000-00-01", guest_name="Ivan", about="By the window",
        comment="Birthday", status_id=ours.vip.pk, call_id=str(call),
    ))  # fmt: skip
    client = Client.objects.get()
    assert (made.status, made.headers["Location"]) == (201, f"/api/v1/reservations/{made.json['id']}")
    assert made.json == {
        "id": Reservation.objects.get().pk, "branch_id": ours.branch.pk, "table_ids": [ours.tables["1"].pk],
        "status": {"id": ours.vip.pk, "name": "VIP", "colour": "violet", "is_active": True}, "course": "expected",
        "client_id": client.pk, "guest_name": "Ivan", "phone": IVAN, "guests": 3, "comment": "Birthday",
        "starts_at": "2026-11-21T12:00:00+07:00", "ends_at": "2026-11-21T13:30:00+07:00", "call_id": str(call),
        "warnings": ["More guests (3) than seats: the chosen table has 2."], "version": 1,
        "created_at": made.json["created_at"], "updated_at": made.json["updated_at"],
    }  # fmt: skip
    assert (client.name, client.about) == ("Ivan", "By the window")
    assert api.get(f"reservations/{made.json['id']}").json == made.json


def test_the_length_follows_from_duration_or_the_branchs_habit(ours: Restaurant, api: Program) -> None:
    start = {"starts_at": "2026-11-21T12:00:00+07:00", "guests": 2}
    assert api.post("reservations", start).json["ends_at"] == "2026-11-21T13:00:00+07:00"
    assert api.post("reservations", start | {"duration": 90}).json["ends_at"] == "2026-11-21T13:30:00+07:00"
    halls.set_default_duration(ours.branch, 120)
    assert api.post("reservations", start).json["ends_at"] == "2026-11-21T14:00:00+07:00"


def test_a_taken_table_names_who_has_it_and_what_is_free(ours: Restaurant, api: Program) -> None:
    taken = ours.book(12, 13, "2", guest_name="Anna")
    answer = api.post("reservations", wish(ours, 12.5, 13.5, "2", guests=4))
    assert (answer.status, answer.problem, fields(answer)) == (409, "conflict", ["table_ids"])
    assert answer.json["reservations"][0]["id"] == taken.pk
    three, four = ours.tables["T"], ours.tables["3"]
    assert [group["table_ids"] for group in answer.json["alternatives"]][:2] == [[three.pk], [four.pk]]
    assert answer.json["alternatives"][0]["tables"] == [{"id": three.pk, "name": "T", "seats": 4}]
    assert len(answer.json["alternatives"]) <= 3
    for group in answer.json["alternatives"][:2]:
        free = wish(ours, 12.5, 13.5, guests=4) | {"table_ids": group["table_ids"]}
        assert api.post("reservations", free).status == 201
    assert Reservation.objects.filter(tables=ours.tables["2"]).count() == 1


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"guests": 0}, "guests"),
        ({"guests": None}, "guests"),
        ({"starts_at": "2026-11-21T12:00:00"}, "starts_at"),
        ({"starts_at": "noon"}, "starts_at"),
        ({"starts_at": "1999-11-21T12:00:00Z", "ends_at": "1999-11-21T13:00:00Z"}, "starts_at"),
        ({"ends_at": "2026-11-21T00:00:00+07:00"}, "ends_at"),
        ({"ends_at": "2026-11-25T00:00:00+07:00"}, "ends_at"),
        ({"table_ids": [999]}, "table_ids"),
        ({"status_id": 999}, "status_id"),
        ({"client_id": 999}, "client_id"),
        ({"branch_id": 999}, "branch_id"),
        ({"course": "gone"}, "course"),
        ({"about": "Nobody's"}, "guest_name"),
        ({"call_id": "nonsense"}, "call_id"),
        ({"call_id": "01932f0c-7b2e-7000-8000-000000000001"}, "call_id"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be(ours: Restaurant, api: Program, more: dict[str, Any], field: str) -> None:
    answer = api.post("reservations", wish(ours, 12, 13) | more)
    assert (answer.status, fields(answer)) == (400, [field])
    assert not Reservation.objects.exists()


def test_nothing_of_another_organization_can_be_named(ours: Restaurant, theirs: Restaurant, api: Program) -> None:
    alien = clients.create(theirs.organization, name="Alien")
    strangers: dict[str, Any] = {
        "table_ids": [theirs.tables["1"].pk],
        "status_id": theirs.vip.pk,
        "client_id": alien.pk,
        "branch_id": theirs.branch.pk,
    }
    for field, value in strangers.items():
        answer = api.post("reservations", wish(ours, 12, 13) | {field: value})
        assert (answer.status, fields(answer)) == (400, [field])
    assert api.post("tables", {"hall_id": theirs.tables["1"].hall_id, "name": "9"}).status == 400
    assert api.post("halls", {"branch_id": theirs.branch.pk, "name": "9"}).status == 400
    assert api.patch(f"tables/{ours.tables['1'].pk}", {"hall_id": theirs.tables["1"].hall_id}).status == 400


def test_a_guest_is_chosen_when_the_number_has_several(ours: Restaurant, api: Program) -> None:
    ivan, vanya = (clients.create(ours.organization, name=name, phones=[IVAN]) for name in ("Ivan", "Vanya"))
    unclear = api.post("reservations", wish(ours, 12, 13, phone=IVAN, guest_name="Ivan"))
    assert (unclear.status, fields(unclear)) == (400, ["client_id"])
    assert unclear.json["clients"] == [{"id": ivan.pk, "name": "Ivan"}, {"id": vanya.pk, "name": "Vanya"}]
    chosen = api.post("reservations", wish(ours, 12, 13, client_id=vanya.pk)).json
    assert (chosen["client_id"], chosen["guest_name"], chosen["phone"]) == (vanya.pk, "Vanya", IVAN)
    another = api.post("reservations", wish(ours, 12, 13, phone=IVAN, guest_name="Ivan", new_client=True)).json
    assert another["client_id"] not in (ivan.pk, vanya.pk, None)


def test_only_what_is_sent_changes(ours: Restaurant, api: Program) -> None:
    reservation = ours.book(12, 13.5, "1", guest_name="Ivan", phone=IVAN, comment="Birthday")
    path = f"reservations/{reservation.pk}"
    before = api.get(path).json
    changed = api.patch(path, {"guests": 4, "starts_at": "2026-11-21T14:00:00+07:00"}, If_Match='"1"')
    expected = {
        "guests": 4,
        "starts_at": "2026-11-21T14:00:00+07:00",
        "ends_at": "2026-11-21T15:30:00+07:00",
        "version": 2,
    }
    warned = {"warnings": ["More guests (4) than seats: the chosen table has 2."]}
    assert changed.json == before | expected | warned | {"updated_at": changed.json["updated_at"]}
    stale = api.patch(path, {"guests": 5, "version": 1})
    assert (stale.status, stale.problem, stale.json["version"]) == (409, "stale", 2)
    assert api.patch(path, {"guests": None}).status == 400
    assert api.patch(path, {}).json["version"] == 2


def test_moved_seated_and_called_off(ours: Restaurant, api: Program) -> None:
    reservation, other = ours.book(12, 13, "1"), ours.book(12, 13, "2")
    path = f"reservations/{reservation.pk}"
    assert api.post(f"{path}/move", {"table_ids": [ours.tables["2"].pk]}).status == 409
    moved = api.post(f"{path}/move", {"table_ids": [ours.tables["3"].pk], "duration": 30, "version": 1})
    assert (moved.json["table_ids"], moved.json["ends_at"]) == ([ours.tables["3"].pk], "2026-11-21T12:30:00+07:00")
    assert api.post(f"{path}/move", {"starts_at": "2026-11-21T12:30:00+07:00", "version": 1}).problem == "stale"
    assert api.post(f"{path}/course", {"course": "seated"}).json["course"] == "seated"
    assert api.post(f"{path}/course", {"course": "gone"}).status == 400
    cancelled = api.post(f"reservations/{other.pk}/cancel")
    assert (cancelled.status, cancelled.json["course"], cancelled.json["table_ids"]) == (
        200,
        "cancelled",
        [ours.tables["2"].pk],
    )
    assert api.post("reservations", wish(ours, 12, 13, "2")).status == 201
    assert api.post(f"reservations/{other.pk}/course", {"course": "expected"}).status == 409


def test_sent_twice_a_table_is_taken_once(ours: Restaurant, api: Program) -> None:
    first, again = (api.post("reservations", wish(ours, 12, 13, "1"), Idempotency_Key="k") for _ in range(2))
    assert (first.status, again.status, again.json) == (201, 201, first.json)
    assert Reservation.objects.count() == 1


def test_reservations_are_found(ours: Restaurant, api: Program) -> None:
    lunch = ours.book(12, 13, "1", guest_name="Ivan", phone=IVAN)
    dinner = ours.book(18, 20, "1", "2", guest_name="Anna", phone="+79130000002")

    def found(**query: Any) -> list[int]:
        return [item["id"] for item in api.get("reservations", **query).json["items"]]

    assert found() == [lunch.pk, dinner.pk]
    assert found(table_id=ours.tables["2"].pk) == [dinner.pk]
    assert found(phone="8 923 000-00-01") == [lunch.pk]
    assert found(phone="") == []
    assert found(client_id=lunch.client_id) == [lunch.pk]
    assert found(since="2026-11-21T13:00:00+07:00") == [dinner.pk]
    assert found(until="2026-11-21T18:00:00+07:00") == [lunch.pk]
    assert found(since="2026-11-21T12:30:00+07:00", until="2026-11-21T12:45:00+07:00") == [lunch.pk]
    assert found(branch_id=ours.branch.pk, course="expected") == [lunch.pk, dinner.pk]
    assert found(since="0216-01-28T13:03:49-18:57", until="9999-12-31T00:00:00+00:00") == [lunch.pk, dinner.pk]
    assert api.get("reservations", since="0001-01-01T00:00:00+10:00").status == 400
    first = api.get("reservations", limit=1).json
    assert [item["id"] for item in api.get("reservations", limit=1, after=first["next"]).json["items"]] == [dinner.pk]


def test_the_list_asks_as_often_for_three_as_for_one(
    ours: Restaurant, api: Program, django_assert_max_num_queries: Any
) -> None:
    def count() -> int:
        with django_assert_max_num_queries(20) as asked:
            assert api.get("reservations").status == 200
        return len(asked)

    ours.book(12, 13, "1")
    count()
    first = count()
    ours.book(12, 13, "2", guest_name="Ivan")
    ours.book(12, 13, "3", "T")
    assert count() == first


def test_halls_and_tables(ours: Restaurant, api: Program) -> None:
    hall = api.post("halls", {"name": " Roof "}).json
    assert hall == {"id": hall["id"], "branch_id": ours.branch.pk, "name": "Roof", "is_active": True}
    table = api.post("tables", {"hall_id": hall["id"], "name": "R1", "seats": 6})
    id = table.json["id"]
    assert (table.status, table.headers["Location"]) == (201, f"/api/v1/tables/{id}")
    shown = {
        "id": id,
        "hall_id": hall["id"],
        "branch_id": ours.branch.pk,
        "name": "R1",
        "seats": 6,
        "is_active": True,
    }
    assert table.json == api.get(f"tables/{id}").json == shown
    assert api.patch(f"tables/{id}", {"seats": 8, "is_active": False}).json == shown | {
        "seats": 8,
        "is_active": False,
    }
    assert fields(api.patch(f"tables/{id}", {"name": "1"})) == ["name"]
    assert [item["id"] for item in api.get("tables", hall_id=hall["id"]).json["items"]] == [id]
    assert api.get("tables", hall_id=hall["id"], is_active=True).json["items"] == []
    assert api.delete(f"halls/{hall['id']}").status == 409
    assert (api.delete(f"tables/{id}").status, api.delete(f"halls/{hall['id']}").status) == (204, 204)
    assert (Table.objects.filter(pk=id).exists(), Hall.objects.filter(pk=hall["id"]).exists()) == (False, False)


def test_a_table_awaited_by_a_party_stays_in_use(ours: Restaurant, api: Program) -> None:
    reservation = ours.book(12, 13, "1")
    start = datetime.now(ours.branch.zone) + timedelta(days=1)
    Reservation.objects.update(starts_at=start, ends_at=start + timedelta(hours=1))
    answer = api.patch(f"tables/{ours.tables['1'].pk}", {"is_active": False, "seats": 5})
    assert (answer.status, answer.json["reservations"]) == (409, [reservation.pk])
    assert api.get(f"tables/{ours.tables['1'].pk}").json["seats"] == 2


def test_the_branch_must_be_told_where_there_are_several(ours: Restaurant, api: Program) -> None:
    other = Branch.objects.create(organization=ours.organization, name="Other")
    assert fields(api.post("reservations", wish(ours, 12, 13))) == ["branch_id"]
    assert api.post("reservations", wish(ours, 12, 13, branch_id=other.pk)).json["starts_at"].endswith("+03:00")
