"""What a webhook may be told of. The types are those of the live channel that concern no single screen."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENT_TYPES: dict[str, str | Promise] = {
    "call.ringing": _("A call rings"),
    "call.answered": _("A call is answered"),
    "call.held": _("A call is put on hold"),
    "call.transferred": _("A call is put through to somebody else"),
    "call.ended": _("A call is over"),
    "call.linked": _("A call is linked to a client"),
    "call.recording": _("A call has a recording"),
    "interaction.created": _("A “Call” document is created"),
    "reservation.changed": _("A reservation is made or changed"),
    "booking.changed": _("A booking is made or changed"),
}
