"""Letters of this room: the invitation."""

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils import translation

from ringdesk.accounts import invitations
from ringdesk.accounts.models import Invitation

# Backends that keep letters on this machine: nobody would get them.
_KEPT_HERE = ("filebased", "console", "dummy")


def is_configured() -> bool:
    """Tell whether letters leave this machine (EMAIL_URL)."""
    return not any(f".{name}." in settings.EMAIL_BACKEND for name in _KEPT_HERE)


def send_later(invitation: Invitation, base_url: str) -> None:
    """Queue the letter; the link under ``base_url`` is put in when it is sent, so that no job holds the secret."""
    from ringdesk.accounts.tasks import send_invitation

    send_invitation.defer(invitation_id=invitation.pk, base_url=base_url)


def send_invitation(invitation: Invitation, base_url: str) -> None:
    """Send the letter now. Raises what the mail backend raises."""
    context = {
        "invitation": invitation,
        "link": invitations.link(invitation, base_url),
        "days": invitations.LIFETIME.days,
    }
    with translation.override(invitation.organization.language):
        subject = " ".join(render_to_string("accounts/mail/invitation_subject.txt", context).split())
        text = render_to_string("accounts/mail/invitation.txt", context)
    send_mail(subject, text, None, [invitation.email])
