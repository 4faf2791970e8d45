import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone, translation

from ringdesk.accounts.models import Member, User
from ringdesk.core.problems import Invalid
from ringdesk.crm import clients
from ringdesk.live.models import LiveEvent
from ringdesk.telephony import rehearsal, trace
from ringdesk.telephony.connectors.base import Course
from ringdesk.telephony.models import Call, Connector, PhoneBookEntry, Popup
from ringdesk.telephony.tests.conftest import Place


def texts(call: Call) -> list[str]:
    with translation.override("en"):
        return [step.text for step in trace.steps(call)]


def shape(call: Call) -> tuple[object, ...]:
    return call.direction, call.state, call.result, call.phone, call.line, call.extension, call.duration


@pytest.mark.parametrize(
    ("course", "expected"),
    [
        (Course.RINGING, ("in", "ringing", None, "+79230000001", "3333333", "100", None)),
        (Course.MISSED, ("in", "ended", "missed", "+79230000001", "3333333", "100", 6)),
        (Course.ANSWERED, ("in", "ended", "answered", "+79230000001", "3333333", "100", 54)),
    ],
)
def test_a_pbx_is_acted_out(place: Place, course: Course, expected: tuple[object, ...]) -> None:
    now = timezone.now().replace(microsecond=0)
    pk = rehearsal.place(place.pbx, course, "8 923 000-00-01", now, line="3333333", extension="100")
    assert shape(Call.objects.get(pk=pk)) == expected
    assert Popup.objects.filter(call=pk).exists()
    assert Connector.objects.get(pk=place.pbx.pk).events_received == 0


@pytest.mark.parametrize(
    ("course", "expected"),
    [
        (Course.RINGING, ("in", "ringing", None, "+79230000001", "", None, None)),
        (Course.MISSED, ("in", "ended", "missed", "+79230000001", "", None, 6)),
        (Course.ANSWERED, ("in", "ended", "answered", "+79230000001", "", None, 54)),
    ],
)
def test_a_phone_is_acted_out(place: Place, course: Course, expected: tuple[object, ...]) -> None:
    pk = rehearsal.place(place.phone, course, "89230000001", timezone.now())
    assert shape(Call.objects.get(pk=pk)) == expected


def test_every_test_call_is_another_call(place: Place) -> None:
    now = timezone.now()
    made = {rehearsal.place(place.phone, Course.RINGING, "89230000001", now) for _ in range(3)}
    assert len(made) == 3
    assert PhoneBookEntry.objects.get().calls == 3


def test_somebody_must_call(place: Place) -> None:
    with pytest.raises(Invalid):
        rehearsal.place(place.pbx, Course.RINGING, "hidden", timezone.now())


def test_the_button(place: Place) -> None:
    user = User.objects.create_user("owner@quay.example")
    Member.objects.create(organization=place.organization, user=user, name="Olga", role="owner", language="en")
    browser = Browser()
    browser.force_login(user)
    path = reverse("telephony:connector_test", args=[place.pbx.pk])
    answer = browser.post(path, {"phone": "+7 923 000-00-01", "course": "ringing", "extension": "100"})
    call = Call.objects.get()
    assert (answer.status_code, answer.context["call_id"]) == (200, call.pk)
    assert texts(call) == [
        "Test call placed from the page of “PBX”",
        "+7 923 000-00-01 stands on nobody's card: anonymous guest",
        "The line was not told: the connector's branch, “Quay”",
        "Extension 100 belongs to Anna",
        "Popup opened on the screens of “Quay”",
    ]
    Connector.objects.filter(pk=place.pbx.pk).update(is_active=False)
    assert browser.post(path, {"phone": "+7 923 000-00-01", "course": "ringing"}).status_code == 422
    answer = browser.post(reverse("telephony:wizard_test"), {"phone": "+7 923 000-00-02"})
    assert answer.context["call_id"] == Call.objects.get(phone="+79230000002").pk


def test_a_number_that_comes_onto_a_card_links_its_calls(place: Place, other: Place) -> None:
    now = timezone.now()
    mine = rehearsal.place(place.pbx, Course.MISSED, "89230000001", now)
    foreign = rehearsal.place(other.pbx, Course.MISSED, "89230000001", now)
    anna = clients.create(place.organization, name="Irina", phones=["89230000002"], by=None)
    clients.change(anna, phones=["89230000002", "8 923 000 00 01"])
    call = Call.objects.get(pk=mine)
    assert call.client == anna
    assert Call.objects.get(pk=foreign).client is None
    frame = LiveEvent.objects.get(type="call.linked")
    assert frame.body["call"]["client"] == {"id": anna.pk, "name": "Irina"}
    assert frame.body["call"]["id"] == str(mine)
    assert [text for text in texts(call) if "card" in text] == [
        "+7 923 000-00-01 stood on nobody's card: anonymous guest",
        "Linked to Irina, whose card got this number",
    ]
    # A second card with the number leaves linked calls alone, and links no new ones.
    clients.create(place.organization, name="Boris", phones=["89230000001"])
    assert Call.objects.get(pk=mine).client == anna
