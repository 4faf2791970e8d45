"""``ringdesk createuser``: somebody who can sign in, without the set-up pages."""

import secrets
import sys
from pathlib import Path

from django.utils import translation

from ringdesk.config import database
from ringdesk.config.instance import database_of
from ringdesk.config.postgres import to_stderr
from ringdesk.config.refusal import Refused


def create_user(data: Path, email: str, name: str, organization: str, *, password_from_stdin: bool) -> int:
    """Make a user with an owner's seat, or give an existing one a new password. Asks for what is missing."""
    email = email or _ask("E-mail", "--email")
    password = _first_line_of_stdin() if password_from_stdin else ""
    with database_of(data, "createuser"):
        database.set_up()
        database.reach(to_stderr)
        database.migrate(to_stderr)
        with translation.override("en"):  # the language of the command line
            said, chosen = _store(email.strip().lower(), name, organization, password)
    print(said)
    if not password_from_stdin:
        print(f"  password: {chosen}")
    return 0


def _store(email: str, name: str, organization: str, password: str) -> tuple[str, str]:
    from ringdesk.accounts import members, organizations, sign_out
    from ringdesk.accounts.access import Role
    from ringdesk.accounts.invitations import check_password
    from ringdesk.accounts.models import Organization, User
    from ringdesk.accounts.validation import validate
    from ringdesk.core import events

    chosen = password or secrets.token_urlsafe(12)
    known = User.objects.filter(email=email).first()
    check_password(chosen, known or User(email=email, name=name))
    if known:
        known.set_password(chosen)
        known.is_active = True
        known.save(update_fields=["password", "is_active"])
        members.end_sessions(known)
        sign_out.close_sockets(known)
        return f"{email} has a new password; whoever was signed in as {email} is signed out.", chosen
    validate(User(email=email), "email")
    name = name or _ask("Name", "--name")
    organization = organization or _only_organization() or _ask("Organization", "--organization")
    with events.atomic():
        user = User.objects.create_user(email, chosen, name=name.strip())
        place = Organization.objects.filter(name__iexact=organization.strip()).order_by("id").first()
        if place:
            members.add_member(place, user, name=user.name, role=Role.OWNER, by=None)
        else:
            place = organizations.create_organization(organization, user)
    return f"{email} is an owner of {place.name}.", chosen


def _only_organization() -> str:
    from ringdesk.accounts.models import Organization

    names = list(Organization.objects.values_list("name", flat=True)[:2])
    return names[0] if len(names) == 1 else ""


def _ask(what: str, option: str) -> str:
    if not sys.stdin.isatty():
        raise Refused(f"Give the {what.lower()} with {option}.")
    while True:
        if answer := input(f"{what}: ").strip():
            return answer


def _first_line_of_stdin() -> str:
    if sys.stdin.isatty():
        from getpass import getpass

        return getpass("Password: ")
    password = sys.stdin.readline().rstrip("\n")
    if not password:
        raise Refused("--password reads the password from standard input, and there was none.")
    return password
