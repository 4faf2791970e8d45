"""``ringdesk check``: is this installation ready for work?"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from ringdesk.config import database
from ringdesk.config.instance import database_of
from ringdesk.config.postgres import to_stderr

PACKAGE = Path(__file__).resolve().parent.parent


class Fault(Exception):
    """It cannot work like this; the text says what to do."""


class Advice(Exception):
    """It works, but something will be missed."""


def check(data: Path) -> int:
    """Print one line for each question; 1 when one of them stands in the way."""
    with database_of(data, "check"):
        database.set_up()
        database.reach(to_stderr, seconds=5)
        faults = sum(not _passes(name, question, data) for name, question in QUESTIONS.items())
    print("Ready." if not faults else f"Not ready: {faults} to mend.")
    return 1 if faults else 0


def _passes(name: str, question: Callable[[Path], str], data: Path) -> bool:
    try:
        print(f"ok      {name}: {question(data)}")
    except Advice as advice:
        print(f"advice  {name}: {advice}")
    except Fault as fault:
        print(f"FAULT   {name}: {fault}")
        return False
    return True


def _database(_: Path) -> str:
    from django.db import connection

    # A server that is too old was refused on the way here.
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0]
        cursor.execute("SHOW server_encoding")
        encoding = cursor.fetchone()[0]
    if encoding != "UTF8":
        raise Fault(f"its encoding is {encoding}; Ringdesk needs a database in UTF8")
    return f"PostgreSQL {version}"


def _migrations(_: Path) -> str:
    if pending := database.pending_migrations():
        raise Fault(f"{len(pending)} pending, the first is {pending[0]}; `ringdesk run` applies them")
    return "all applied"


def _data_folder(data: Path) -> str:
    try:
        with tempfile.NamedTemporaryFile(dir=data):
            pass
    except OSError as error:
        raise Fault(f"{data} cannot be written ({error.strerror})") from error
    return str(data)


def _secret_key(data: Path) -> str:
    from django.conf import settings

    if len(settings.SECRET_KEY) < 32:
        raise Fault("shorter than 32 characters; anybody could guess sessions and open the connectors' secrets")
    if os.environ.get("RINGDESK_SECRET_KEY"):
        return "from RINGDESK_SECRET_KEY (not in backups: keep it elsewhere)"
    file = data / "secret_key"
    if file.stat().st_mode & 0o077:
        raise Fault(f"others may read {file}; run: chmod 600 {file}")
    return str(file)


def _public_address(_: Path) -> str:
    from django.conf import settings

    if not settings.PUBLIC_URL and os.environ.get("EMAIL_URL"):
        raise Fault(
            "RINGDESK_PUBLIC_URL is not set, but EMAIL_URL is: the links in letters could be made to lead elsewhere"
        )
    if not settings.PUBLIC_URL:
        raise Advice(
            "RINGDESK_PUBLIC_URL is not set; links in letters and at connectors show this machine's own address"
        )
    if not settings.PUBLIC_URL.startswith("https://"):
        raise Advice(f"{settings.PUBLIC_URL} is not https; passwords and calls travel readable")
    return str(settings.PUBLIC_URL)


def _mail(_: Path) -> str:
    from django.conf import settings
    from django.core.mail import get_connection

    if settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
        raise Advice(
            f"EMAIL_URL is not set; letters (invitations, resets) are only written into {settings.EMAIL_FILE_PATH}"
        )
    try:
        connection = get_connection(timeout=5)
        connection.open()
        connection.close()
    except OSError as error:
        raise Fault(f"the server at EMAIL_URL does not answer ({error})") from error
    return "the server at EMAIL_URL answers"


def _pages(_: Path) -> str:
    if not (PACKAGE / "web" / "static" / "ringdesk" / "app.js").is_file():
        raise Fault("scripts and styles are not built; run: make assets")
    sources = list(PACKAGE.glob("*/locale/*/LC_MESSAGES/django.po"))
    if not all(source.with_suffix(".mo").is_file() for source in sources):
        raise Fault("translations are not compiled; run: make messages")
    return "built"


def _django(_: Path) -> str:
    from django.core import checks

    found = [message for message in checks.run_checks() if message.level >= checks.WARNING]
    if found:
        raise Fault("; ".join(f"{message.msg} ({message.id})" for message in found))
    return "nothing to complain of"


QUESTIONS: dict[str, Callable[[Path], str]] = {
    "database": _database,
    "migrations": _migrations,
    "data folder": _data_folder,
    "secret key": _secret_key,
    "public address": _public_address,
    "mail": _mail,
    "pages": _pages,
    "configuration": _django,
}
