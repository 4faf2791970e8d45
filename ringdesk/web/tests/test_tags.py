from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django import forms
from django.template import Context, Template
from django.utils import timezone, translation
from django.utils.html import strip_tags

from ringdesk.web.templatetags import ringdesk as tags

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("number", "shown"),
    [("+79230000001", "+7 923 000-00-01"), ("112", "112"), ("", "hidden"), (None, "hidden")],
)
def test_phone(number: str | None, shown: str) -> None:
    assert tags.phone(number) == shown


@pytest.mark.parametrize("number", ["+79230000001", "+12125550100", "+442079460000", "112", "+7"])
def test_grouped_numbers_stay_one_text(number: str) -> None:
    assert strip_tags(tags.phone_groups(number)) == number


def test_groups_of_a_number_are_marked() -> None:
    assert tags.phone_groups("+79230000001") == (
        '<span class="phone-number"><i>+7</i><i>923</i><i>000</i><i class="dash">00</i><i class="dash">01</i></span>'
    )
    assert "<b>" not in tags.phone_groups("<b>")


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Ирина Соколова", "ИС"), ("анна", "А"), ("", "?"), (None, "?"), ("ООО «Вектор»", "ОВ"), ("… -", "?")],
)
def test_initials(name: str | None, letters: str) -> None:
    assert tags.initials(name) == letters


@pytest.mark.parametrize(
    ("age", "shown"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=2, seconds=5), "2 min ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=3), "3 d ago"),
    ],
)
def test_ago(age: timedelta, shown: str) -> None:
    with time_machine.travel(NOON, tick=False):
        assert tags.ago(NOON - age) == shown


def test_ago_of_nothing_is_nothing() -> None:
    assert tags.ago(None) == ""


def test_clock_is_of_the_active_zone() -> None:
    with timezone.override(ZoneInfo("Asia/Novosibirsk")):
        assert (tags.clock(NOON), tags.clock(None)) == ("19:00", "")


def test_an_icon_refers_to_the_sprite() -> None:
    html = Template('{% icon "phone" class="big" %}').render(Context())
    assert html.startswith('<svg class="icon big" aria-hidden="true"><use href="/static/ringdesk/icons.svg')
    assert html.endswith('#phone"/></svg>')


class Party(forms.Form):
    guests = forms.IntegerField(
        label="Guests", min_value=1, help_text="Children too", widget=forms.NumberInput({"data-stepper": ""})
    )
    agreed = forms.BooleanField(label="Agreed", required=False)
    secret = forms.CharField(widget=forms.HiddenInput, required=False)


def test_a_form_draws_its_fields_with_what_is_wrong_beside_them() -> None:
    html = str(Party({"guests": "0"}))
    assert html.count('class="field invalid"') == 1
    assert html.count("data-step-by") == 2
    assert 'aria-invalid="true"' in html and 'aria-describedby="id_guests_helptext id_guests_error"' in html
    assert 'id="id_guests_helptext"' in html and 'id="id_guests_error"' in html
    assert '<label class="check" for="id_agreed">' in html
    assert '<input type="hidden" name="secret"' in html
