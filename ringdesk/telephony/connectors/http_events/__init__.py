"""A PBX that reports each call by HTTP requests with query parameters (Sipuni and its family speak it)."""

from datetime import datetime
from typing import ClassVar

from django.forms import Field
from django.utils.translation import gettext_lazy as _

from ringdesk.core.problems import Text
from ringdesk.telephony.connectors import fields, makecall
from ringdesk.telephony.connectors.base import ActedCall, Connector, Dial, Link, Parsed, Request, Source
from ringdesk.telephony.connectors.http_events.act import act
from ringdesk.telephony.connectors.http_events.config import secret_fields, settings_fields
from ringdesk.telephony.connectors.http_events.parse import INCOMING, STARTED, parse


class HttpEvents(Connector):
    """Events 1, 3 and 2 at a secret address, GET or POST."""

    kind: ClassVar[str] = "http_events"
    title: ClassVar[Text] = _("PBX by HTTP events")
    summary: ClassVar[Text] = _("Any PBX that can open an address at every start, answer and end of a call.")
    can_dial: ClassVar[bool] = True
    dial_needs: ClassVar[tuple[str, ...]] = ("makecall_url",)

    def parse(self, request: Request, link: Link, now: datetime) -> Parsed:
        values = fields.read(request)
        is_incoming = (values.get("event"), values.get("src_type")) == (STARTED, INCOMING)
        if is_incoming and "src_num" not in values and ("src_num" in request.query or b"src_num" in request.body):
            # An empty number is a hidden one; a parameter that is not there says nothing.
            values["src_num"] = "hidden"
        return parse(values, link, now)

    def recording(self, link: Link, reference: str) -> Source:
        return fields.recording_source(link, reference)

    def dial(self, link: Link, wish: Dial) -> str:
        return makecall.dial(link, wish)

    def act(self, call: ActedCall) -> list[Request]:
        return act(call)

    def settings_fields(self) -> dict[str, Field]:
        return settings_fields()

    def secret_fields(self) -> dict[str, Field]:
        return secret_fields()
