"""Texts that TypeScript shows, in the language of the page (see assets/strings.ts)."""

from django.utils.translation import gettext as _
from django.utils.translation import npgettext


def client_texts() -> dict[str, str]:
    """Return the texts by key; forms of one text for different numbers have keys ``<key>.<plural category>``."""
    return {
        "ago.now": _("just now"),
        "ago.minutes": _("{count} min ago"),
        "ago.hours": _("{count} h ago"),
        "ago.days": _("{count} d ago"),
        "announce": _("Incoming call: {caller}"),
        "calling": _("Calling… wait for your phone to ring."),
        "close": _("Close"),
        "confirm": _("Yes"),
        "copied": _("Copied"),
        "discard": _("Throw away"),
        "forbidden": _("Your role may not do this. Ask the owner or an administrator."),
        "free_spot": _("{table}, {time}, free. Enter opens the reservation card."),
        "lane": _("{table}: choose a free time with the arrow keys"),
        "no_connection": _("No connection: nothing was saved yet. What you typed is still here."),
        "not_copied": _("The browser did not allow copying. Select the text and copy it by hand."),
        "not_found": _("This is not there any more. Load the page again."),
        "notification": _("Incoming call"),
        "notification_created": _("“Call” event created"),
        "notification_window": _("Call"),
        "notifications_refused": _(
            "The browser does not allow notifications for this site. Allow them in its settings."
        ),
        "number_hidden": _("Number hidden"),
        "offline": _("Connection lost, shown as of {time}. Trying again…"),
        "open": _("Open"),
        "reload": _("Load again"),
        "restored": _("What you had typed is back."),
        "retry": _("Retry"),
        "server_failed": _("The server could not do this. What you typed is still here; try again."),
        "sign_in": _("Sign in"),
        "signed_out": _("You are not signed in any more. What you typed is kept."),
        "too_large": _("This is too large to send."),
        "too_many": _("Too many requests. Wait a minute and try again."),
        "too_slow": _("The server did not answer in time. What you typed is still here."),
        "stale": _("This page is too old to be sent. Load it again and repeat; what you typed is kept."),
        "window": _("On the line: {caller}"),
        **_waiting(),
    }


def _waiting() -> dict[str, str]:
    # Sample numbers of each plural category of the two languages; CLDR's names are what browsers use.
    samples = {"one": 1, "few": 2, "many": 5, "other": 2}
    return {
        f"waiting.{category}": npgettext("header", "{count} call waits", "{count} calls wait", number)
        for category, number in samples.items()
    }
