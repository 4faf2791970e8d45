"""What other rooms may ask about a call they are told of."""

from uuid import UUID

from ringdesk.telephony.models import Call


def is_there(organization_id: int, call_id: UUID) -> bool:
    """Tell whether the organization has this call."""
    return Call.objects.for_org(organization_id).filter(pk=call_id).exists()
