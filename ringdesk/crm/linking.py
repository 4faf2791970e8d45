"""What a number means in an organization: the rows of matching.match, from the database."""

from django.db import connection

from ringdesk.accounts.models import Organization
from ringdesk.core import phones
from ringdesk.crm import matching
from ringdesk.crm.matching import NOBODY, ORDER, Match, Row

# Every card on which one number stands, as tuples of matching.Row. Also for the doors' own connection pool:
# parameters ``organization`` (id) and ``number`` (normalized).
ROWS = """
SELECT CASE WHEN p.contract_id IS NOT NULL THEN 'contract' WHEN p.client_id IS NOT NULL THEN 'client' ELSE 'lead' END,
       coalesce(p.contract_id, p.client_id, p.lead_id),
       coalesce(contract.number, client.name, lead.name),
       responsible.id, owner.id, owner.name, owner_responsible.id
FROM crm_phone p
LEFT JOIN crm_contract contract ON contract.id = p.contract_id
LEFT JOIN crm_client client ON client.id = p.client_id
LEFT JOIN crm_lead lead ON lead.id = p.lead_id
LEFT JOIN crm_client owner ON owner.id = coalesce(contract.client_id, lead.client_id)
LEFT JOIN accounts_member responsible ON responsible.is_active
      AND responsible.id = coalesce(contract.responsible_id, client.responsible_id, lead.responsible_id)
LEFT JOIN accounts_member owner_responsible ON owner_responsible.is_active
      AND owner_responsible.id = owner.responsible_id
WHERE p.organization_id = %(organization)s AND {condition}
"""
ROWS_BY_NUMBER = ROWS.format(condition="p.number = %(number)s")
# ``reversed``: what core.phones.reverse returns, cut. A range, not LIKE: a plan made before the digits are known must
# find it by the index too.
ROWS_BY_LAST_DIGITS = ROWS.format(
    condition="p.reversed ~>=~ %(reversed)s::text AND p.reversed ~<~ (%(reversed)s::text || chr(1114111))"
)
_MOST_OFFERED = 20


def identify(organization: Organization | int, number: str, *, region: str = "RU") -> Match:
    """Return whose number it is: by the whole number only; a hidden or empty one is nobody's."""
    normalized = phones.normalize(number, region)
    if not normalized:
        return NOBODY
    return _match(ROWS_BY_NUMBER, {"organization": _id(organization), "number": normalized})


def suggest(organization: Organization | int, number: str, *, digits: int = 5, region: str = "RU") -> Match:
    """Return whose number it possibly is, by its last digits. Never to be linked by: shown as “possibly”."""
    backwards = phones.reverse(phones.normalize(number, region))[:digits]
    if len(backwards) < digits:
        return NOBODY
    return _match(ROWS_BY_LAST_DIGITS, {"organization": _id(organization), "reversed": backwards})


def cards(organization: Organization | int, number: str, *, region: str = "RU") -> list[Row]:
    """Return every card on which the whole number stands; a hidden one stands on none."""
    normalized = phones.normalize(number, region)
    return _rows(ROWS_BY_NUMBER, {"organization": _id(organization), "number": normalized}) if normalized else []


def possible(organization: Organization | int, number: str, *, digits: int, region: str = "RU") -> list[Row]:
    """Return the first cards one of whose numbers ends in the last digits of this one, to choose from by hand."""
    backwards = phones.reverse(phones.normalize(number, region))[:digits]
    if len(backwards) < digits:
        return []
    return _rows(ROWS_BY_LAST_DIGITS, {"organization": _id(organization), "reversed": backwards})


def _rows(sql: str, parameters: dict[str, int | str]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} LIMIT {_MOST_OFFERED}", parameters)
        found = {Row(*row) for row in cursor.fetchall()}
    return sorted(found, key=lambda row: (ORDER.index(row.kind), row.name, row.id))


def _match(sql: str, parameters: dict[str, int | str]) -> Match:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return matching.match(cursor.fetchall())


def _id(organization: Organization | int) -> int:
    return organization if isinstance(organization, int) else organization.pk
