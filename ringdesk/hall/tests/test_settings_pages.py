"""Halls, tables, statuses and the length of a visit, as owner, colleague and stranger."""

import json

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ringdesk.accounts import seats
from ringdesk.accounts.models import Branch, Member, User
from ringdesk.hall import board, halls
from ringdesk.hall.models import Hall, ReservationStatus, Table
from ringdesk.hall.tests.conftest import DAY, NOON, Restaurant, browser_of

HTMX = {"HX-Request": "true", "HX-Target": "drawer"}


def names(hall: Hall) -> list[str]:
    return [table.name for table in hall.tables.all()]


def test_a_hall_and_its_tables_are_added(ours: Restaurant, owner: Browser) -> None:
    assert owner.post(reverse("hall:hall_new"), {"name": "Bar"}, headers=HTMX).status_code == 204
    bar = Hall.objects.for_org(ours.organization).get(name="Bar")
    page = owner.get(reverse("hall:table_new"), {"hall": bar.pk}, headers=HTMX).content.decode()
    assert 'value="4"' in page
    posted = {"name": "9", "seats": 2, "hall": bar.pk, "count": 3}
    response = owner.post(reverse("hall:table_new"), posted, headers=HTMX)
    assert json.loads(response.headers["HX-Trigger"]).keys() == {"drawer:close", "ringdesk:refresh", "toast"}
    assert names(bar) == ["9", "10", "11"]
    assert "Table 10" in owner.get(reverse("hall:halls")).content.decode()


def test_a_table_is_renamed_ordered_hidden_and_removed(ours: Restaurant, owner: Browser) -> None:
    table = ours.tables["1"]
    url = reverse("hall:table_edit", args=[table.pk])
    posted = {"name": "Window", "seats": 3, "hall": table.hall_id}
    assert owner.post(url, posted, headers=HTMX).status_code == 204
    taken = owner.post(url, posted | {"name": "2"}, headers=HTMX)
    assert (taken.status_code, "There is a table of this name already." in taken.content.decode()) == (422, True)
    assert owner.post(reverse("hall:table_act", args=[table.pk, "down"])).status_code == 204
    assert names(table.hall) == ["2", "Window", "3"]
    assert owner.post(reverse("hall:table_act", args=[table.pk, "hide"])).status_code == 204
    table.refresh_from_db()
    assert (table.seats, table.is_active) == (3, False)
    assert owner.post(reverse("hall:table_act", args=[table.pk, "show"])).status_code == 204
    assert owner.post(reverse("hall:table_act", args=[table.pk, "remove"])).status_code == 204
    assert names(table.hall) == ["2", "3"]


def test_an_awaited_table_asks_what_becomes_of_its_parties(ours: Restaurant, owner: Browser) -> None:
    with time_machine.travel(NOON):
        made = ours.book(19, 21, "1", guest_name="Irina")
        url = reverse("hall:table_act", args=[ours.tables["1"].pk, "remove"])
        response = owner.post(url, headers=HTMX)
        assert (response.status_code, response.headers["HX-Retarget"]) == (409, "#drawer")
        assert "Irina" in response.content.decode()
        assert owner.post(url, {"anyway": 1}, headers=HTMX).status_code == 204
    assert made.tables.count() == 0


def test_a_hall_is_renamed_ordered_hidden_and_removed(ours: Restaurant, owner: Browser) -> None:
    main, terrace = (ours.tables[name].hall for name in ("1", "T"))
    assert owner.post(reverse("hall:hall_edit", args=[main.pk]), {"name": "Big"}, headers=HTMX).status_code == 204
    assert owner.post(reverse("hall:hall_act", args=[main.pk, "down"])).status_code == 204
    assert [hall.name for hall in Hall.objects.for_org(ours.organization)] == ["Terrace", "Big"]
    for verb in ("hide", "show"):
        assert owner.post(reverse("hall:hall_act", args=[terrace.pk, verb])).status_code == 204
    refused = owner.post(reverse("hall:hall_act", args=[terrace.pk, "remove"]), headers=HTMX)
    assert (refused.status_code, refused.headers["HX-Reswap"]) == (409, "none")
    halls.remove_table(ours.tables["T"], by=None)
    assert owner.post(reverse("hall:hall_act", args=[terrace.pk, "remove"])).status_code == 204


def test_statuses_are_added_repainted_ordered_and_removed(ours: Restaurant, owner: Browser) -> None:
    posted = {"name": "Banquet", "colour": "amber"}
    assert owner.post(reverse("hall:status_new"), posted, headers=HTMX).status_code == 204
    banquet = ReservationStatus.objects.for_org(ours.organization).get(name="Banquet")
    edit = reverse("hall:status_edit", args=[banquet.pk])
    assert owner.post(edit, {"name": "Feast", "colour": "pink"}, headers=HTMX).status_code == 422
    assert owner.post(edit, {"name": "Feast", "colour": "teal"}, headers=HTMX).status_code == 204
    assert owner.post(reverse("hall:status_act", args=[banquet.pk, "up"])).status_code == 204
    listed = [(status.name, status.colour) for status in ReservationStatus.objects.for_org(ours.organization)]
    assert listed == [("STANDARD", "blue"), ("Feast", "teal"), ("VIP", "violet")]
    assert "Feast" in owner.get(reverse("hall:statuses")).content.decode()
    assert owner.post(reverse("hall:status_act", args=[banquet.pk, "remove"])).status_code == 204
    assert not ReservationStatus.objects.filter(pk=banquet.pk).exists()


def test_the_usual_length_of_a_visit_is_saved(ours: Restaurant, owner: Browser) -> None:
    url = reverse("hall:settings")
    assert 'value="01:00"' in owner.get(url).content.decode()
    assert owner.post(url, {"default_duration": "1:45"}, headers=HTMX).status_code == 204
    assert board.default_duration(ours.branch) == 105
    assert owner.post(url, {"default_duration": "0:05"}, headers=HTMX).status_code == 422
    assert owner.post(url, {"default_duration": "2:00"}).status_code == 302
    assert board.default_duration(ours.branch) == 120


def test_lists_ask_the_same_number_of_queries_for_one_and_three(ours: Restaurant, owner: Browser) -> None:
    def queries(name: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert owner.get(reverse(name)).status_code == 200
        return len(captured)

    queries("hall:halls")  # what a process or a session asks once
    few = [queries(name) for name in ("hall:halls", "hall:statuses")]
    halls.add_tables(halls.add_hall(ours.branch, name="Bar"), name="20", seats=2, count=3)
    halls.add_hall(ours.branch, name="Roof")
    for name in ("A", "B", "C"):
        halls.add_status(ours.organization, name=name, colour="gray")
    assert [queries(name) for name in ("hall:halls", "hall:statuses")] == few


PAGES = ("hall:halls", "hall:statuses", "hall:settings", "hall:hall_new", "hall:table_new", "hall:status_new")


@pytest.mark.parametrize("name", PAGES)
def test_only_who_may_change_halls_opens_the_settings(
    ours: Restaurant, owner: Browser, hostess: Browser, name: str
) -> None:
    assert owner.get(reverse(name)).status_code == 200
    assert hostess.get(reverse(name)).status_code == 403
    assert Browser().get(reverse(name)).status_code == 302


def test_a_colleague_changes_nothing_and_a_stranger_finds_nothing(
    ours: Restaurant, hostess: Browser, stranger: Browser
) -> None:
    table, status = ours.tables["1"], ours.vip
    addresses = [
        reverse("hall:hall_edit", args=[table.hall_id]),
        reverse("hall:hall_act", args=[table.hall_id, "hide"]),
        reverse("hall:table_edit", args=[table.pk]),
        reverse("hall:table_act", args=[table.pk, "remove"]),
        reverse("hall:status_edit", args=[status.pk]),
        reverse("hall:status_act", args=[status.pk, "remove"]),
    ]
    posted = {"name": "Mine", "seats": 1, "hall": table.hall_id, "colour": "gray"}
    assert [hostess.post(address, posted).status_code for address in addresses] == [403] * 6
    assert [stranger.post(address, posted).status_code for address in addresses] == [404] * 6
    assert Table.objects.for_org(ours.organization).count() == 4
    assert not Hall.objects.filter(name="Mine").exists()


def test_a_table_cannot_be_moved_into_a_strangers_hall(ours: Restaurant, theirs: Restaurant, owner: Browser) -> None:
    table = ours.tables["1"]
    posted = {"name": "1", "seats": 2, "hall": theirs.tables["1"].hall_id}
    assert owner.post(reverse("hall:table_edit", args=[table.pk]), posted, headers=HTMX).status_code == 422


def test_what_belongs_to_another_branch_is_found_and_changed_there(ours: Restaurant, owner: Browser) -> None:
    other = Branch.objects.create(organization=ours.organization, name="Other", timezone="Europe/Moscow")
    seats.choose_branch(ours.owner, other)
    table = ours.tables["1"]
    day = f"/hall/?date={DAY}&branch={ours.branch.pk}"
    edits = [reverse("hall:hall_edit", args=[table.hall_id]), reverse("hall:table_edit", args=[table.pk])]
    addresses = [*edits, reverse("hall:calendar", args=[table.hall_id]), day]
    for url in addresses:
        page = owner.get(url).content.decode()
        assert '<summary class="chip"><b>Quay</b>' in page, url
        assert 'name="next" value="/hall/' in page
    assert f'data-table="{table.pk}"' in owner.get(day).content.decode()
    assert f"/hall/card/?&amp;branch={ours.branch.pk}" in owner.get(day).content.decode()
    assert owner.post(edits[0], {"name": "Big"}, headers=HTMX).status_code == 204
    assert owner.post(reverse("hall:hall_act", args=[table.hall_id, "down"])).status_code == 204
    assert owner.post(reverse("hall:table_act", args=[table.pk, "down"])).status_code == 204
    assert [hall.name for hall in ours.branch.halls.order_by("position")] == ["Terrace", "Big"]
    user = User.objects.create_user("limited@ours.example")
    limited = Member.objects.create(organization=ours.organization, user=user, name="L", role="manager", language="en")
    limited.branches.add(other)
    assert {browser_of(limited).get(url).status_code for url in addresses[:3]} == {404}
    assert ours.owner.current_branch == other
