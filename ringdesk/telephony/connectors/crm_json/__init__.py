"""A PBX or connector service that speaks JSON to a CRM (MegaFon's cloud PBX speaks the same as a form)."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from django.forms import Field
from django.utils.translation import gettext_lazy as _

from ringdesk.core.problems import Text
from ringdesk.telephony import readiness
from ringdesk.telephony.connectors import fields, makecall
from ringdesk.telephony.connectors.base import (
    ActedCall,
    Caller,
    Check,
    Connector,
    Dial,
    Link,
    Parsed,
    Reply,
    Request,
    Source,
)
from ringdesk.telephony.connectors.crm_json.act import act
from ringdesk.telephony.connectors.crm_json.config import secret_fields, settings_fields
from ringdesk.telephony.connectors.crm_json.parse import Contact, parse


class CrmJson(Connector):
    """Events, history and contact questions, POSTed with a token that is made here."""

    kind: ClassVar[str] = "crm_json"
    title: ClassVar[Text] = _("PBX connector for a CRM")
    summary: ClassVar[Text] = _("Services that send events, history and questions with a token, as JSON or as a form.")
    can_dial: ClassVar[bool] = True
    dial_needs: ClassVar[tuple[str, ...]] = ("makecall_url",)
    generated: ClassVar[Mapping[str, Text]] = {"crm_token": _("CRM token")}

    def parse(self, request: Request, link: Link, now: datetime) -> Parsed:
        return parse(request, link, now)

    def answer(self, parsed: Parsed, caller: Caller | None) -> Reply:
        if caller is not None and isinstance(parsed, Contact) and parsed.wants_name:
            return {"contact_name": caller.name, "responsible": caller.responsible}
        return super().answer(parsed, caller)

    def dial(self, link: Link, wish: Dial) -> str:
        return makecall.dial(link, wish)

    def recording(self, link: Link, reference: str) -> Source:
        return fields.recording_source(link, reference)

    def act(self, call: ActedCall) -> list[Request]:
        return act(call)

    def readiness(self, link: Link) -> list[Check]:
        has_token = bool(link.settings.get("makecall_url") and link.secrets.get("makecall_key"))
        return readiness.conditions(
            link,
            has_token=has_token,
            token_advice=_("Change this connector: enter the address for placing calls and its key."),
        )

    def settings_fields(self) -> dict[str, Field]:
        return settings_fields()

    def secret_fields(self) -> dict[str, Field]:
        return secret_fields()
