"""An Android phone whose automation app reports who is calling it."""

from datetime import datetime
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from ringdesk.core.problems import Text
from ringdesk.telephony.connectors import fields
from ringdesk.telephony.connectors.base import ActedCall, Connector, Link, Parsed, Request
from ringdesk.telephony.connectors.phone.act import act
from ringdesk.telephony.connectors.phone.parse import parse


class Phone(Connector):
    """One request a call is enough: the number, the moment it rings."""

    kind: ClassVar[str] = "phone"
    title: ClassVar[Text] = _("Android phone")
    summary: ClassVar[Text] = _("The restaurant's mobile phone tells who is calling. Needs any automation app.")
    ends_silently: ClassVar[bool] = True
    has_extensions: ClassVar[bool] = False
    icon: ClassVar[str] = "smartphone"

    def parse(self, request: Request, link: Link, now: datetime) -> Parsed:
        return parse(fields.read(request), link, now)

    def act(self, call: ActedCall) -> list[Request]:
        return act(call)
