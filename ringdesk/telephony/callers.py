"""Who is on the line: what a call window shows, and how an unknown number comes onto a card."""

from dataclasses import dataclass, field
from urllib.parse import quote

from ringdesk.accounts.models import Member
from ringdesk.core.problems import Invalid, NotFound
from ringdesk.crm import clients, linking, numbers
from ringdesk.crm.matching import Row
from ringdesk.crm.models import Client, Contract, Lead
from ringdesk.crm.numbers import Written
from ringdesk.telephony import call_settings
from ringdesk.telephony.models import Call, CallSettings

ENGINES = {
    CallSettings.Engine.YANDEX: "https://yandex.ru/search/?text={}",
    CallSettings.Engine.GOOGLE: "https://www.google.com/search?q={}",
    CallSettings.Engine.DUCKDUCKGO: "https://duckduckgo.com/?q={}",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose number it is. At most one of the three is filled in, or several cards of the whole number to choose from.

    ``possible``: cards with a number that ends alike, when nothing matches whole; never linked by itself.
    """

    client: Client | None = None
    contract: Contract | None = None
    lead: Lead | None = None
    choice: list[Row] = field(default_factory=list)
    possible: list[Row] = field(default_factory=list)

    @property
    def is_known(self) -> bool:
        """Tell whether there is one card to open."""
        return bool(self.client or self.lead)


def of(call: Call) -> Caller:
    """Return whose number it is, as linked, else as the number says now."""
    if call.contract:
        return Caller(client=call.contract.client, contract=call.contract)
    if call.client:
        return Caller(client=call.client)
    if call.lead:
        return Caller(client=call.lead.client, lead=call.lead)
    whole = linking.cards(call.organization_id, call.phone)
    if whole:
        return Caller(choice=whole)
    digits = call_settings.of(call.organization_id).last_digits
    return Caller(possible=linking.possible(call.organization_id, call.phone, digits=digits))


def search_address(call: Call) -> str:
    """Return where the number is searched for on the web."""
    engine = call_settings.of(call.organization_id).search_engine
    return ENGINES[CallSettings.Engine(engine)].format(quote(call.phone, safe=""))


def add_number(client: Client, call: Call, *, by: Member | None) -> Client:
    """Put the call's number onto the client's card. Raises Invalid for a hidden one."""
    if not call.phone:
        raise Invalid("", field="phones")
    standing = [Written(phone.number) for phone in numbers.of(client)]
    if any(written.number == call.phone for written in standing):
        return client
    return clients.change(client, phones=[*standing, Written(call.phone)], by=by)


def chosen(call: Call, kind: str, id: int) -> Row:
    """Return the card that somebody chose among those on which the number stands. Raises NotFound."""
    for row in linking.cards(call.organization_id, call.phone):
        if (row.kind, row.id) == (kind, id):
            return row
    raise NotFound("")
