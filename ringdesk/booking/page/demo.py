"""The booking page of the demo: open, with a greeting; reminders a day and two hours before the visit."""

from django.utils.translation import gettext as _

from ringdesk.accounts.models import Branch
from ringdesk.booking import messages, pages


def populate(salon: Branch) -> None:
    """Open the page of the salon's organization. In the language that is active."""
    pages.change(
        salon.organization,
        is_open=True,
        welcome=_("We are glad to see you. Choose what you would like, and a time that suits you."),
        change_notice=120,
    )
    messages.change_settings(salon, reminders=[24 * 60, 120])
