"""Lines of a connector: the external numbers that are called, and whose calls theirs are."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Branch
from ringdesk.core import phones
from ringdesk.core.problems import Conflict, Invalid
from ringdesk.telephony.models import Call, Connector, Line

# Lines are looked for in this many of the connector's latest calls.
_LOOKED_AT = 1000


def save(connector: Connector, number: str, label: str, branch: Branch | None, *, line: Line | None = None) -> Line:
    """Store a line, or change ``line``. Raises Invalid without digits, Conflict when the number is there already."""
    digits = phones.digits_of(number)[:32]
    if not digits:
        raise Invalid(_("Write the number with its digits."), field="number")
    line = line or Line(connector=connector, organization_id=connector.organization_id)
    line.number, line.label, line.branch = digits, label.strip(), branch
    try:
        with transaction.atomic():
            line.save()
    except IntegrityError as error:
        raise Conflict(_("This number is in the table already."), field="number") from error
    return line


def remove(line: Line) -> None:
    """Take a line from the table. Its calls keep their branch."""
    line.delete()


def unknown(connector: Connector) -> list[str]:
    """Return the lines that were called lately and are not in the connector's table, the latest first."""
    known = {line.number for line in connector.lines.all()}
    called = (
        Call.objects.for_org(connector.organization_id)
        .filter(connector=connector, direction=Call.Direction.IN)
        .order_by("-first_received_at", "-id")
        .values_list("line", flat=True)[:_LOOKED_AT]
    )
    return [number for number in dict.fromkeys(called) if number and number not in known]
