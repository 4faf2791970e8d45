"""What clients are told: written with the booking, sent over real protocols, dropped when no longer true."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import icalendar
import pytest
from pytest_django import Settings

from ringdesk.booking import bookings, messages, sending
from ringdesk.booking.messages import Header
from ringdesk.booking.models import Booking
from ringdesk.booking.public_models import Message
from ringdesk.booking.tests.conftest import Clock, Salon
from ringdesk.booking.tests.fake_post import Gateway, MailServer, gateway, mail_server
from ringdesk.core import events
from ringdesk.core.problems import Invalid, Stale
from ringdesk.crm import clients

PHONE = "+79230000001"


@pytest.fixture
def post(settings: Settings) -> Iterator[MailServer]:
    with mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


@pytest.fixture
def sms() -> Iterator[Gateway]:
    with gateway() as server:
        yield server


def irina(salon: Salon, **fields: Any) -> dict[str, Any]:
    card = clients.create(salon.organization, name="Irina", phones=[PHONE], email="irina@example.com", by=None)
    return {"client": card, **fields}


def use(salon: Salon, sms: Gateway | None = None, **fields: Any) -> None:
    more: dict[str, Any] = {"gateway_url": sms.url, "is_inside": True} if sms else {}
    messages.change_settings(salon.branch, **more, **fields)


def words(letter: EmailMessage) -> str:
    body = letter.get_body(preferencelist=("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def states() -> list[tuple[str, str, str]]:
    return list(Message.objects.order_by("pk").values_list("kind", "channel", "state"))


def test_a_booking_is_confirmed_by_a_letter_with_a_calendar_file(ours: Salon, post: MailServer) -> None:
    booking = ours.book(10, "Haircut", "Beard", **irina(ours))
    assert sending.send_due() == 1
    (letter,) = post.letters
    assert (letter["to"], letter["subject"]) == ("irina@example.com", "You are booked — Salon")
    assert letter["from"].startswith("Ours <") and letter["message-id"].startswith("<booking-message-")
    assert words(letter).split("\n\n") == [
        "Hello, Irina!",
        "You are booked.",
        "Monday, 23 November, 10:00–11:45\nHaircut, Beard\nPavel\nSadovaya 7",
        "Salon\n",
    ]
    (file,) = letter.iter_attachments()
    calendar: Any = icalendar.Calendar.from_ical(file.get_content())
    (event,) = calendar.walk("VEVENT")
    assert (event["dtstart"].dt, event["dtend"].dt) == (booking.starts_at, booking.ends_at)
    assert states() == [("booked", "email", "sent")]
    assert sending.send_due() == 0


def test_a_slow_way_out_keeps_the_others_waiting_only_so_long(
    ours: Salon, sms: Gateway, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(ours, sms, by_email=False)
    monkeypatch.setattr(sending, "PATIENCE", 0)
    for hour in (10, 12):
        ours.book(hour, client_name="Anna", phone=PHONE)
    sending.send_due()
    assert len(sms.taken) == 1
    assert list(Message.objects.filter(state="waiting").values_list("attempts", flat=True)) == [0]
    clock.advance(minutes=2)
    sending.send_due()
    assert len(sms.taken) == 2


def test_another_gateway_is_not_inside_the_network_because_the_last_one_was(ours: Salon) -> None:
    messages.change_settings(ours.branch, gateway_url="https://10.0.0.1/sms", is_inside=True)
    again = messages.change_settings(ours.branch, gateway_url="https://10.0.0.1/sms", confirms=False)
    moved = messages.change_settings(ours.branch, gateway_url="https://10.0.0.2/admin")
    assert (again.is_inside, moved.is_inside) == (True, False)


def test_the_gateway_is_sent_json_with_its_header(ours: Salon, sms: Gateway) -> None:
    use(ours, sms, by_email=False, header=Header("Authorization", "Bearer 12345"))
    booking = ours.book(10, **irina(ours))
    assert b"12345" not in bytes(messages.settings_of(ours.branch).gateway_sealed or b"")
    sending.send_due()
    message = Message.objects.get()
    assert sms.taken == [
        {
            "to": PHONE,
            "text": "Salon: you are booked on 23.11 10:00 (Haircut). Sadovaya 7",
            "id": str(message.pk),
            "kind": "booked",
            "language": "en",
            "booking": {"id": booking.pk, "branch_id": ours.branch.pk, "starts_at": "2026-11-23T10:00:00+07:00"},
        }
    ]
    assert (sms.headers[0]["authorization"], sms.headers[0]["idempotency-key"]) == ("Bearer 12345", str(message.pk))


def test_messages_are_in_the_language_of_the_organization(ours: Salon, sms: Gateway) -> None:
    ours.organization.language = "ru"
    ours.organization.save()
    use(ours, sms, by_email=False)
    ours.book(10, **irina(ours))
    sending.send_due()
    assert sms.taken[0]["text"].startswith("Salon: вы записаны на 23.11 10:00 (Haircut).")


def test_reminders_go_out_in_time_and_only_those_still_to_come(ours: Salon, post: MailServer, clock: Clock) -> None:
    use(ours, reminders=[120, 24 * 60, 5 * 24 * 60])
    booking = ours.book(10, **irina(ours))
    sending.send_due()
    due = Message.objects.filter(kind="reminder").order_by("due_at")
    assert [booking.starts_at - each.due_at for each in due] == [timedelta(days=1), timedelta(hours=2)]
    clock.now = booking.starts_at - timedelta(days=1)
    assert sending.send_due() == 1
    assert post.letters[-1]["subject"] == "We expect you — Salon"
    clock.now = booking.starts_at
    assert sending.send_due() == 1
    # Nobody is reminded of a visit that has begun.
    assert sorted(states()) == [
        ("booked", "email", "sent"), ("reminder", "email", "dropped"), ("reminder", "email", "sent"),
    ]  # fmt: skip
    assert len(post.letters) == 2


def test_a_move_drops_what_is_no_longer_true_and_reminds_anew(ours: Salon, post: MailServer) -> None:
    use(ours, reminders=[120])
    booking = ours.book(10, **irina(ours))
    sending.send_due()
    bookings.move(booking, starts_at=ours.at(15))
    sending.send_due()
    assert states() == [
        ("booked", "email", "sent"),
        ("reminder", "email", "dropped"),
        ("moved", "email", "sent"),
        ("reminder", "email", "waiting"),
    ]
    assert Message.objects.latest("pk").due_at == ours.at(13)
    assert "15:00–16:00" in words(post.letters[1])


def test_who_was_not_told_of_the_booking_yet_is_told_once_of_where_it_moved(ours: Salon, post: MailServer) -> None:
    booking = ours.book(10, **irina(ours))
    bookings.move(booking, starts_at=ours.at(15))
    sending.send_due()
    assert states() == [("booked", "email", "dropped"), ("booked", "email", "sent")]


def test_a_cancelled_booking_reminds_nobody(ours: Salon, post: MailServer) -> None:
    use(ours, reminders=[120])
    booking = ours.book(10, **irina(ours))
    sending.send_due()
    bookings.cancel(booking)
    sending.send_due()
    assert states() == [
        ("booked", "email", "sent"),
        ("reminder", "email", "dropped"),
        ("cancelled", "email", "sent"),
    ]
    assert post.letters[-1]["subject"] == "Your visit is cancelled — Salon"


def test_nothing_is_written_when_the_booking_is_rolled_back(ours: Salon) -> None:
    with pytest.raises(RuntimeError), events.atomic():
        ours.book(10, **irina(ours))
        raise RuntimeError
    assert (Booking.objects.count(), Message.objects.count()) == (0, 0)


def test_a_time_that_is_only_kept_tells_nobody(ours: Salon) -> None:
    held = ours.book(10, hold_for=timedelta(minutes=10), source=Booking.Source.PAGE, **irina(ours))
    bookings.cancel(held)
    assert states() == []


def test_a_client_without_an_address_gets_nothing(ours: Salon) -> None:
    ours.book(10, client_name="Walk in")
    assert states() == []


def test_the_past_is_not_confirmed(ours: Salon, clock: Clock) -> None:
    booking = ours.book(10, **irina(ours))
    Message.objects.all().delete()
    clock.now = booking.ends_at
    bookings.cancel(booking)
    assert states() == []


def test_a_server_that_is_busy_is_asked_again_later(ours: Salon, post: MailServer, clock: Clock) -> None:
    post.is_busy = True
    ours.book(10, **irina(ours))
    ours.book(12, client=clients.find_by_phone(ours.organization, PHONE)[0])
    assert sending.send_due() == 2
    first, second = Message.objects.order_by("pk")
    assert "451" in first.error and first.due_at - clock.now == timedelta(minutes=1)
    # While the server is down the others only wait: they have not been tried.
    assert (first.attempts, second.attempts, second.error) == (1, 0, "")
    post.is_busy = False
    clock.advance(minutes=1)
    assert sending.send_due() == 2
    assert {state for _kind, _channel, state in states()} == {"sent"} and len(post.letters) == 2


def test_it_is_given_up_in_the_end_and_can_be_sent_again_by_hand(ours: Salon, post: MailServer, clock: Clock) -> None:
    post.is_busy = True
    ours.book(10, **irina(ours))
    tries = 0
    while sending.send_due():
        tries += 1
        clock.now = Message.objects.get().due_at
    message = Message.objects.get()
    assert (tries, message.attempts, message.state) == (6, 6, "failed")
    post.is_busy = False
    messages.again(message)
    sending.send_due()
    assert (states(), len(post.letters)) == ([("booked", "email", "sent")], 1)


def test_an_address_nobody_has_fails_at_once(ours: Salon, post: MailServer, sms: Gateway) -> None:
    use(ours, sms)
    post.refuses.add("irina@example.com")
    sms.status, sms.answer = 401, "who are you"
    ours.book(10, **irina(ours))
    sending.send_due()
    assert states() == [("booked", "email", "failed"), ("booked", "gateway", "failed")]
    assert list(Message.objects.order_by("pk").values_list("error", flat=True)) == [
        "The mail server refuses this address.",
        "The gateway answered 401: who are you",
    ]


def test_a_gateway_inside_the_network_is_refused_unless_allowed(ours: Salon, sms: Gateway) -> None:
    messages.change_settings(ours.branch, gateway_url=sms.url, by_email=False)
    ours.book(10, **irina(ours))
    sending.send_due()
    assert (states(), sms.taken) == ([("booked", "gateway", "failed")], [])


def test_a_message_that_another_process_took_is_not_sent_twice(ours: Salon, post: MailServer, clock: Clock) -> None:
    ours.book(10, **irina(ours))
    (taken,) = sending._lease(clock.now)
    assert sending.send_due() == 0
    # It died; minutes later another one sends it.
    clock.advance(minutes=6)
    assert sending.send_due() == 1
    assert Message.objects.get(pk=taken).state == "sent" and len(post.letters) == 1


def test_what_is_no_longer_true_when_its_turn_comes_is_dropped(ours: Salon, post: MailServer, clock: Clock) -> None:
    first = ours.book(10, **irina(ours))
    ours.book(12, client=clients.find_by_phone(ours.organization, PHONE)[0])
    taken = sending._lease(clock.now)
    # While the batch is under way one is cancelled; of the other nobody has said that its message is to be dropped.
    bookings.cancel(first)
    Booking.objects.filter(starts_at=ours.at(12)).update(status="no_show")
    for id in taken:
        sending._deliver(id, defaultdict(float))
    assert (post.letters, [state for *_rest, state in states()]) == ([], ["dropped", "dropped", "waiting"])


def test_a_key_is_not_told_to_another_gateway(ours: Salon, sms: Gateway) -> None:
    use(ours, sms, header=Header("X-Key", "abc"))
    settings = messages.settings_of(ours.branch)
    assert messages.header_of(settings) == ("X-Key", "abc")
    messages.change_settings(ours.branch, version=settings.version, gateway_url="https://elsewhere.example/")
    assert messages.header_of(messages.settings_of(ours.branch)) is None
    with pytest.raises(Stale):
        messages.change_settings(ours.branch, version=settings.version, by_email=False)
    with pytest.raises(Invalid):
        messages.change_settings(ours.branch, header=Header("X Key\r\n", "abc"))


def test_a_test_message_says_at_once_what_is_wrong(ours: Salon, post: MailServer, sms: Gateway) -> None:
    use(ours, sms)
    settings = messages.settings_of(ours.branch)
    sending.send_test(settings, "email", "owner@example.com", "en")
    sending.send_test(settings, "gateway", PHONE, "en")
    assert (post.letters[0]["to"], sms.taken[0]["text"]) == ("owner@example.com", "Salon: this is a test message.")
    sms.status = 500
    with pytest.raises(sending.NotSent, match="500"):
        sending.send_test(settings, "gateway", PHONE, "en")
