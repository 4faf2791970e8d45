"""A PBX that reports each call by HTTP requests with query parameters (Sipuni and its family speak it)."""

from datetime import datetime
from typing import ClassVar

from django.forms import Field
from django.utils.translation import gettext_lazy as _

from ringdesk.core.problems import Text
from ringdesk.telephony.connectors import fields
from ringdesk.telephony.connectors.base import ActedCall, Connector, Link, Parsed, Request
from ringdesk.telephony.connectors.http_events.act import act
from ringdesk.telephony.connectors.http_events.config import secret_fields, settings_fields
from ringdesk.telephony.connectors.http_events.parse import parse


class HttpEvents(Connector):
    """Events 1, 3 and 2 at a secret address, GET or POST."""

    kind: ClassVar[str] = "http_events"
    title: ClassVar[Text] = _("PBX by HTTP events")
    summary: ClassVar[Text] = _("Any PBX that can open an address at every start, answer and end of a call.")

    def parse(self, request: Request, link: Link, now: datetime) -> Parsed:
        return parse(fields.read(request), link, now)

    def act(self, call: ActedCall) -> list[Request]:
        return act(call)

    def settings_fields(self) -> dict[str, Field]:
        return settings_fields()

    def secret_fields(self) -> dict[str, Field]:
        return secret_fields()
