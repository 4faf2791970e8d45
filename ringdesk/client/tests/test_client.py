"""The client against a serving Ringdesk: the same names and parameters as the functions, and what docs show."""

import inspect
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest

from ringdesk.accounts.tests.api import program
from ringdesk.booking.bots.calling import FUNCTIONS
from ringdesk.booking.tests.conftest import make_salon
from ringdesk.client import Booking
from ringdesk.config.tests.desk import Desk


def test_names_and_parameters_are_those_of_the_functions() -> None:
    for name, function in FUNCTIONS.items():
        parameters = list(inspect.signature(getattr(Booking, name)).parameters.values())[1:]
        assert [each.name for each in parameters] == [each.name for each in function.parameters]
        required = [each.name for each in function.parameters if each.is_required]
        assert [each.name for each in parameters if each.default is inspect.Parameter.empty] == required


def test_a_visit_from_the_first_question_to_the_last(desk: Desk) -> None:
    salon = make_salon("ours")
    company, haircut = salon.branch.pk, salon.ids("Haircut")[0]
    day = datetime.now(ZoneInfo("Asia/Novosibirsk")) + timedelta(days=2)
    date = f"{day:%d.%m.%Y}"
    with Booking(
        desk.base_url, program(salon.organization).token, client={"external_id": "tg:1", "name": "Ivan"}
    ) as bot:
        assert bot.get_companies_for_booking()[0]["id"] == company
        assert bot.get_categories_for_booking(company)[0]["name"] == "Hair"
        assert len(bot.get_employees_for_booking(company, [haircut])) == 2
        assert len(bot.get_services_for_booking(company)) == 3
        assert date in bot.get_dates_for_booking(company, haircut)
        info = bot.get_info_for_booking()
        assert bot.get_info_for_booking() is info
        assert bot.get_slots_for_booking(company, haircut, date)[0] == "09:00"
        booking = bot.create_booking(company, haircut, date, "10:00")["booking"]
        assert bot.get_info_for_booking()["version"] != info["version"]
        assert bot.get_bookings_info()[0]["booking_id"] == booking["id"]
        assert bot.get_active_order_booking_info()["booking_time"] == "10:00"
        assert bot.modify_booking_time(booking["id"], date, "12:00")["status"]
        assert not bot.for_client({"phone": "+79230000009"}).cancel_booking(company, booking["id"])["status"]
        assert bot.cancel_booking(company, booking["id"])["status"]
        assert bot.create_booking_by_name("haircut", date, "12:00")["status"]
    with Booking(desk.base_url, "rd_wrong") as bot, pytest.raises(httpx.HTTPStatusError):
        bot.get_companies_for_booking()
