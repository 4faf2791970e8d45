"""Confirming by a link of a letter or a code by text message."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client as Browser

from ringdesk.booking import bookings, messages, pages, sending
from ringdesk.booking.models import Booking
from ringdesk.booking.page import codes
from ringdesk.booking.public_models import Message, PageRequest
from ringdesk.booking.tests.conftest import Clock, Salon
from ringdesk.booking.tests.fake_post import Gateway, gateway
from ringdesk.booking.tests.page.visitor import Page, book, get, open_page, post


def test_a_link_by_mail_confirms_only_by_its_button(salon: Salon, clock: Clock) -> None:
    open_page(salon, confirmation="email")
    assert book(salon, email="").status_code == 422
    sent = book(salon, 12)
    assert "/sent/" in sent["Location"] and "Look into your mail" in get(sent["Location"]).text
    booking = Booking.objects.get(phone="+79230000001")
    assert (booking.status, booking.held_until) == ("held", clock.now + timedelta(minutes=30))
    assert Message.objects.get().kind == "code" and "12:00" not in salon.free(who="Pavel")
    path = pages.link_to(booking, pages.CONFIRM).removeprefix("https://desk.example")
    # A mail program that opens every link confirms nothing.
    assert get(path).status == 200
    booking.refresh_from_db()
    assert booking.status == "held"
    done = post(path)
    assert done.status_code == 302 and "You are booked" in get(done["Location"]).text
    assert list(Message.objects.order_by("pk").values_list("kind", "to")) == [
        ("code", "irina@example.com"), ("booked", "irina@example.com"),
    ]  # fmt: skip


def test_what_is_not_confirmed_in_time_is_free_again(salon: Salon, clock: Clock) -> None:
    open_page(salon, confirmation="email")
    sent = book(salon, 12)
    booking = Booking.objects.get(phone="+79230000001")
    clock.advance(minutes=31)
    bookings.expire_holds()
    assert "12:00" in salon.free(who="Pavel")
    assert "no longer kept" in get(sent["Location"]).text
    assert post(pages.link_to(booking, pages.CONFIRM).removeprefix("https://desk.example")).status_code == 409
    assert not Message.objects.exclude(state="dropped").exists()


@pytest.fixture
def sms() -> Iterator[Gateway]:
    with gateway() as server:
        yield server


def test_a_code_by_text_message(salon: Salon, sms: Gateway) -> None:
    messages.change_settings(salon.branch, gateway_url=sms.url, is_inside=True)
    open_page(salon, confirmation="code")
    address = book(salon)["Location"]
    booking = Booking.objects.get()
    sending.send_due()
    code = codes.code_of(booking)
    assert sms.taken[0]["text"] == f"Salon: your code is {code}. Tell it to nobody."
    assert code not in str(Message.objects.values_list()[0]) + str(PageRequest.objects.values_list()[0])
    wrong = f"{(int(code) + 1) % 10**6:06}"
    assert post(address, code=wrong).status_code == 422
    assert "You are booked" in Page(Browser().post(address, {"code": f" {code[:3]} {code[3:]}"}, follow=True,
                                                   headers={"accept-language": "en"})).text  # fmt: skip


def test_codes_cannot_be_tried_out(salon: Salon, sms: Gateway) -> None:
    messages.change_settings(salon.branch, gateway_url=sms.url, is_inside=True)
    open_page(salon, confirmation="code")
    address = book(salon)["Location"]
    code = codes.code_of(Booking.objects.get())
    wrong = f"{(int(code) + 1) % 10**6:06}"
    assert [post(address, code=wrong).status_code for _time in range(4)] == [422] * 4
    assert 'name="code"' in Browser().get(address).content.decode()
    for answer in (post(address, code=wrong), post(address, code=code), Browser().get(address)):
        assert 'name="code"' not in answer.content.decode()
    said = get(address)
    assert "Too many wrong codes Choose a time again, and we will send you another code." in said.text
    assert "The time you had chosen is free again at 12:10." in said.text
    assert "When?" in get(said.links[-1]).text
    assert Booking.objects.get().status == "held"
