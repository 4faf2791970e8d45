"""What pages show of placed calls."""

from django import template

from ringdesk.telephony import dialing
from ringdesk.telephony.models import Call, PlacedCall

register = template.Library()


@register.simple_tag
def placed_as(call: Call) -> PlacedCall | None:
    """Return the click that a call came of."""
    return dialing.placed_as(call)
