"""An office whose operator places calls, against a PBX that speaks 5.3."""

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client as Browser
from django.utils import timezone

from ringdesk.accounts.models import Member, User
from ringdesk.telephony.models import Call, Connector, Extension, PlacedCall
from ringdesk.telephony.tests.conftest import Place
from ringdesk.telephony.tests.pbx_of_others import FakePbx

IVAN, ANNA = "+79230000001", "+79130000002"
CALLID = "1659685427407907141"
DOOR = "/httpapiinteg/crmapi/v1/makecall"
States = PlacedCall.State
RU = "При выполнении запроса к «Mango» произошла ошибка: {}. Пожалуйста, обратитесь в поддержку «Mango»."
EN = "An error occurred while sending the request to “Mango”: {}. Please contact the support of “Mango”."


@dataclass(frozen=True)
class Office:
    """A place whose operator can place calls: extension 100 at ``dialler``, which asks ``pbx``."""

    place: Place
    dialler: Connector
    pbx: FakePbx

    @property
    def operator(self) -> Member:
        return self.place.operator

    def browser(self, member: Member | None = None, language: str = "ru") -> Browser:
        member = member or self.operator
        Member.objects.filter(pk=member.pk).update(language=language)
        visitor = Browser()
        visitor.force_login(member.user)
        return visitor

    def member(self, name: str, role: str, extension: str = "") -> Member:
        user = User.objects.create_user(f"{name}@quay.example".lower())
        made = Member.objects.create(organization=self.place.organization, user=user, name=name, role=role)
        if extension:
            Extension.objects.create(
                organization=self.place.organization, connector=self.dialler, member=made, number=extension
            )
        return made


def click(browser: Browser, phone: str, **more: str) -> tuple[int, dict[str, str]]:
    answer = browser.post("/calls/place/", {"phone": phone} | more, headers={"HX-Request": "true"})
    return answer.status_code, json.loads(answer.headers["HX-Trigger"])["toast"]


def make_call(office: Office, phone: str, **more: Any) -> Call:
    now = timezone.now()
    fields = {
        "connector": office.dialler, "external_id": "1", "direction": "out", "state": "ringing", "phone": phone,
        "extensions": ["100"], "started_at": now, "first_received_at": now, "last_received_at": now,
    }  # fmt: skip
    return Call.objects.create(organization=office.place.organization, **(fields | more))
