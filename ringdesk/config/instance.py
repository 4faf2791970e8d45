"""The database of an installation for a command that needs it now, whether Ringdesk runs or not."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from ringdesk.config.data_folder import DataFolder, Holder
from ringdesk.config.postgres import running
from ringdesk.config.refusal import Refused

LONGEST_WAIT = 30.0  # s for a Ringdesk that is just starting


@contextlib.contextmanager
def database_of(data: Path, command: str, *, alone: bool = False) -> Iterator[None]:
    """DATABASE_URL and RINGDESK_DATA lead to a running database for as long as the block lasts.

    That of a Ringdesk running on DIR, else an embedded one started for the moment.
    With ``alone`` a running Ringdesk is refused.
    """
    os.environ["RINGDESK_DATA"] = str(data)
    with DataFolder(data) as folder:
        if alone:
            folder.acquire(command)
            holder = None
        else:
            holder = folder.acquire_or_find_holder(command)
        if os.environ.get("DATABASE_URL"):
            yield
        elif holder:
            os.environ["DATABASE_URL"] = _url_of(folder, holder)
            yield
        else:
            with running(data) as url:
                os.environ["DATABASE_URL"] = url
                folder.announce(command, url)
                yield


def _url_of(folder: DataFolder, holder: Holder) -> str:
    deadline = time.monotonic() + LONGEST_WAIT
    found: Holder | None = holder
    while not found or not found.database_url:
        if time.monotonic() > deadline:
            raise Refused(
                f"Process {holder.pid} ({holder.address}) uses {folder.path}, and says of no database. "
                "If it has a DATABASE_URL, give this command the same."
            )
        time.sleep(0.2)
        found = folder.holder()
    return found.database_url
