"""What of telephony's set-up a seat reaches: all of it, or, when limited to branches, what is of those alone."""

from django.db.models import Q, QuerySet

from ringdesk.accounts import seats
from ringdesk.accounts.models import Member
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.models import Connector, Line


def connectors_of(member: Member) -> QuerySet[Connector]:
    """Return the connectors the seat may see and change. One of every branch is for seats of every branch."""
    present = Connector.objects.for_org(member.organization_id).filter(removed_at__isnull=True)
    return present.filter(branch__in=seats.in_reach(member)) if seats.is_limited(member) else present


def with_extensions(member: Member) -> QuerySet[Connector]:
    """Return those of them whose source knows extensions."""
    return connectors_of(member).filter(kind__in=[kind for kind, one in registry().items() if one.has_extensions])


def lines_of(member: Member, connector: Connector) -> QuerySet[Line]:
    """Return the connector's lines without those of branches that the seat does not reach."""
    lines = Line.objects.for_org(connector.organization_id).filter(connector=connector).select_related("branch")
    if not seats.is_limited(member):
        return lines
    return lines.filter(Q(branch__isnull=True) | Q(branch__in=seats.in_reach(member)))
