"""The first run: who started this Ringdesk makes its first user, organization and branch, by a one-time address."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import connection
from django.urls import NoReverseMatch, reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts import invitations, organizations
from ringdesk.accounts.models import Organization, User
from ringdesk.accounts.opening_hours import OpenSpan
from ringdesk.core import events
from ringdesk.core.problems import NotFound

# Step, its page, its label. The last two are pages of telephony.
STEPS: tuple[tuple[str, str, Promise], ...] = (
    ("account", "accounts:setup_account", _("You")),
    ("organization", "accounts:setup_organization", _("Organization")),
    ("branch", "accounts:setup_branch", _("Branch and hours")),
    ("connector", "telephony:wizard_connector", _("Phone or PBX")),
    ("test", "telephony:wizard_test", _("Test call")),
)


def is_open() -> bool:
    """Tell whether nobody can sign in yet."""
    return not User.objects.exists()


def link(base_url: str) -> str | None:
    """Return the one-time address under ``base_url`` (no slash at the end), None once there is a user."""
    return f"{base_url}{reverse('accounts:setup')}?key={_key()}" if is_open() else None


def is_key(candidate: str) -> bool:
    """Tell whether this is the secret of the one-time address."""
    return constant_time_compare(candidate.strip(), _key())


def steps(current: str) -> list[dict[str, Any]]:
    """Return the wizard's steps for ``web/wizard_base.html``: label, state, and the address of what is done."""
    names = [name for name, _page, _label in STEPS]
    here = names.index(current)
    shown = []
    for position, (_name, page, label) in enumerate(STEPS):
        state = "done" if position < here else "current" if position == here else "next"
        shown.append({"label": label, "state": state, "url": _address(page) if state == "done" else ""})
    return shown


def account_draft(*, name: str, email: str, password: str, language: str, before: Mapping[str, str]) -> dict[str, str]:
    """Return what the session keeps of the first user until the end: a hash in place of the password.

    Raises Invalid for a weak password. An empty one leaves that of ``before``.
    """
    draft = {"name": name.strip(), "email": email.strip().lower(), "language": language}
    if password:
        invitations.check_password(password, User(email=draft["email"], name=draft["name"]))
        return draft | {"password": make_password(password)}
    return draft | {"password": before["password"]}


def finish(
    account: Mapping[str, str],
    organization: Mapping[str, Any],
    branch: Mapping[str, str],
    hours: Sequence[OpenSpan],
) -> tuple[User, Organization]:
    """Make everything the wizard has asked for, at once. Raises NotFound when somebody else was faster."""
    with events.atomic():
        # Two visitors with the same address: the second waits here and then sees the first one's user.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('ringdesk.setup'))")
        if not is_open():
            raise NotFound(_("Somebody has finished the set-up already. Sign in instead."))
        user = User.objects.create_user(account["email"], name=account["name"])
        user.password = account["password"]
        user.save(update_fields=["password"])
        made = organizations.create_organization(
            organization["name"],
            user,
            language=organization["language"],
            modules=organization["modules"],
            owner_language=account["language"],
            branch_name=branch["name"],
            address=branch["address"],
            timezone=branch["timezone"],
            region=branch["region"],
            hours=hours,
        )
    return user, made


def _key() -> str:
    return salted_hmac("ringdesk.accounts.setup", "first run", algorithm="sha256").hexdigest()[:40]


def _address(page: str) -> str:
    try:
        return reverse(page)
    except NoReverseMatch:
        return ""
