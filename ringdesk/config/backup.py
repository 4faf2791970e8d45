"""``ringdesk backup`` and ``ringdesk restore``: the database, the media folder and the secret key in one file."""

import contextlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import psycopg
from psycopg.rows import scalar_row

from ringdesk import __version__
from ringdesk.config import database
from ringdesk.config.instance import database_of
from ringdesk.config.postgres import programs, to_stderr
from ringdesk.config.refusal import Refused
from ringdesk.core.database import conninfo

FORMAT = 1
LABEL, DUMP, KEY, MEDIA = "ringdesk.json", "database.dump", "secret_key", "media"
# libpq's variables: a password in them is not seen by other users, as one on the command line is.
VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


def back_up(data: Path, file: Path) -> int:
    """Write FILE (mode 0600: the key in it opens every secret). The server may go on running."""
    if file.exists():
        raise Refused(f"{file} exists already. Choose another name, or remove it first.")
    with database_of(data, "backup"), _aside(file) as unfinished:
        database.set_up()
        database.reach(to_stderr)
        with tempfile.TemporaryDirectory(dir=file.absolute().parent, prefix=".ringdesk-") as room:
            dump = Path(room, DUMP)
            _tool("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={dump}")
            # The rows first: a recording that comes in meanwhile is then in the folder, not missing from it.
            _pack(data, dump, unfinished)
    print(f"{file} holds the database, {_counted(file)}{_about_key(data)}.")
    return 0


def restore(data: Path, file: Path, *, replace: bool) -> int:
    """Bring everything back from FILE; a database that holds something is only replaced on demand."""
    with _opened(file) as tar, database_of(data, "restore", alone=True):
        database.set_up()
        database.reach(to_stderr)
        _check_target(replace=replace)
        with tempfile.TemporaryDirectory(dir=data, prefix=".restore-") as room:
            _unpack(tar, Path(room))
            _load(Path(room))
            _put_in_place(Path(room), data)
    print(f"{file} is restored. Start Ringdesk: it brings the tables up to date.")
    return 0


@contextlib.contextmanager
def _aside(file: Path) -> Iterator[Path]:
    """Write beside the file, and take its name only when all is well."""
    unfinished = file.with_name(file.name + ".unfinished")
    try:
        yield unfinished
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)


def _pack(data: Path, dump: Path, target: Path) -> None:
    label = {"format": FORMAT, "ringdesk": __version__, "made": datetime.now(UTC).isoformat(timespec="seconds")}
    text = dump.with_name(LABEL)
    text.write_text(json.dumps(label) + "\n")
    with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw:
        with tarfile.open(fileobj=raw, mode="w") as tar:
            tar.add(text, LABEL)
            tar.add(dump, DUMP)
            if (data / KEY).is_file():
                tar.add(data / KEY, KEY)
            for path in sorted((data / MEDIA).rglob("*")):
                with contextlib.suppress(FileNotFoundError):  # deleted while we read
                    tar.add(path, f"{MEDIA}/{path.relative_to(data / MEDIA)}", recursive=False)
        raw.flush()
        os.fsync(raw.fileno())


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file, "r:") as tar:
            label = tar.extractfile(LABEL)
            known = json.load(label) if label else {}
            if known.get("format") != FORMAT:
                raise Refused(f"{file} was made by Ringdesk {known.get('ringdesk')}; this one cannot read it.")
            yield tar
    except (tarfile.TarError, KeyError, ValueError) as error:
        raise Refused(f"{file} is no backup of Ringdesk, or a damaged one ({error}).") from error


def _unpack(tar: tarfile.TarFile, room: Path) -> None:
    """Plain files and nothing else, each where it belongs: a backup may come from somebody's mail."""
    for member in tar:
        place = PurePosixPath(member.name)
        known = member.name in (DUMP, KEY) or (place.parts[:1] == (MEDIA,) and len(place.parts) > 1)
        content = tar.extractfile(member) if known and member.isfile() and ".." not in place.parts else None
        if content is None:
            continue
        target = room.joinpath(*place.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            shutil.copyfileobj(content, out)


def _check_target(*, replace: bool) -> None:
    with psycopg.connect(**conninfo(), row_factory=scalar_row) as link:
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        if link.execute(others).fetchone():
            raise Refused("Other processes use this database. Stop every Ringdesk that works on it first.")
        tables = set(link.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        if tables and "django_migrations" not in tables:
            raise Refused("This database belongs to another program. Give Ringdesk one of its own.")
        filled = "accounts_user" in tables and link.execute("SELECT EXISTS (SELECT FROM accounts_user)").fetchone()
    if filled and not replace:
        raise Refused("The database is not empty. Add --replace to throw away what it holds now.")


def _load(room: Path) -> None:
    """All of it or nothing: one transaction throws the old tables away and makes the new ones."""
    script = room / "database.sql"
    _tool("pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(room / DUMP))
    with open(room / "whole.sql", "wb") as whole, open(script, "rb") as lines:
        whole.write(b"SET client_min_messages = warning;\nDROP SCHEMA public CASCADE;\nCREATE SCHEMA public;\n")
        # A setting that servers before 17 do not know; without it nothing changes.
        whole.writelines(line for line in lines if line != b"SET transaction_timeout = 0;\n")
    script.unlink()
    _tool("psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null",
          f"--file={room / 'whole.sql'}")  # fmt: skip


def _put_in_place(room: Path, data: Path) -> None:
    if (room / KEY).is_file():
        (room / KEY).replace(data / KEY)
        if os.environ.get("RINGDESK_SECRET_KEY"):
            to_stderr("RINGDESK_SECRET_KEY is set and comes before the restored key: it must be the same.")
    if (data / MEDIA).exists():
        (data / MEDIA).rename(room / "media.before")  # goes with the room
    if (room / MEDIA).is_dir():
        (room / MEDIA).rename(data / MEDIA)


def _tool(name: str, *words: str) -> None:
    known = conninfo()
    given = {variable: str(known[key]) for key, variable in VARIABLES.items() if known.get(key)}
    done = subprocess.run(
        [programs() / name, *words],
        env=os.environ | given,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise Refused(f"{name} failed: {done.stderr.strip()[-1000:] or f'exit code {done.returncode}'}")


def _counted(file: Path) -> str:
    with tarfile.open(file, "r:") as tar:
        count = sum(member.isfile() and member.name.startswith(f"{MEDIA}/") for member in tar)
    return f"{count} media file{'' if count == 1 else 's'}"


def _about_key(data: Path) -> str:
    if (data / KEY).is_file():
        return " and the secret key: keep it where only you can read it"
    return "; the secret key is not in it (RINGDESK_SECRET_KEY): keep that too"
