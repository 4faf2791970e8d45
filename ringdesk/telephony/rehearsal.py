"""Test calls: acted out as the source would report them, through the same parser and the same receiver."""

import secrets
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from ringdesk.core import phones
from ringdesk.core.problems import Invalid
from ringdesk.telephony import calls, link_cache
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.connectors.base import ActedCall, Course
from ringdesk.telephony.models import Connector
from ringdesk.telephony.trace import TEST_PREFIX


def place(
    connector: Connector, course: Course, phone: str, now: datetime, *, line: str = "", extension: str = ""
) -> UUID:
    """Act a call out on this connector and return the call's id. Raises Invalid for an empty or hidden number.

    The connector's tally is left alone: a test call does not prove that the PBX is heard.
    """
    link = link_cache.link(connector)
    if not phones.normalize(phone, link.region):
        raise Invalid(_("Write the number that shall call."), field="phone")
    kind = registry()[connector.kind]
    call_id = f"{TEST_PREFIX}{secrets.token_hex(8)}"
    acted = ActedCall(course, call_id, phone, line, extension, now, link.settings, link.secrets)
    outcome = None
    for request in kind.act(acted):
        for event in kind.parse(request, link, now).events:
            outcome = calls.receive_sync(link, event, {"test": True, "query": dict(request.query)}, now)
    if outcome is None:
        raise Invalid(_("This kind of connector cannot be tried with a test call."))
    return outcome.call_id
