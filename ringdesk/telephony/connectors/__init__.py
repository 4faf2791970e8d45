"""The kinds of sources there are. Others add theirs by the entry point group ``ringdesk.connectors``."""

from functools import cache
from importlib.metadata import entry_points

from ringdesk.telephony.connectors.asterisk import Asterisk
from ringdesk.telephony.connectors.base import Connector
from ringdesk.telephony.connectors.binotel import Binotel
from ringdesk.telephony.connectors.crm_json import CrmJson
from ringdesk.telephony.connectors.http_events import HttpEvents
from ringdesk.telephony.connectors.mango import Mango
from ringdesk.telephony.connectors.phone import Phone
from ringdesk.telephony.connectors.zadarma import Zadarma


@cache
def registry() -> dict[str, Connector]:
    """Return every kind of connector by its name: our own first, then those of installed packages."""
    own = (HttpEvents, CrmJson, Mango, Binotel, Zadarma, Phone, Asterisk)
    found: dict[str, Connector] = {kind.kind: kind() for kind in own}
    for entry in entry_points(group="ringdesk.connectors"):
        connector = entry.load()()
        found.setdefault(connector.kind, connector)
    return found
