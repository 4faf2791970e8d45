"""What an operator does to an installation: users, backups, the deployment check."""

import json
import os
import re
import stat
import tarfile
from pathlib import Path

import httpx
import psycopg
import pytest

from ringdesk.config.backup import _unpack
from ringdesk.config.postgres import running
from ringdesk.config.tests.process import Ringdesk, ringdesk

ANNA = ("--email", "Anna@Example.org", "--name", "Anna", "--organization", "Кафе")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with one user and one recording."""
    data = tmp_path_factory.mktemp("kept")
    made = ringdesk("createuser", "--data", str(data), *ANNA)
    assert made.returncode == 0, made.stderr
    (data / "media" / "calls").mkdir(parents=True)
    (data / "media" / "calls" / "1.mp3").write_bytes(b"\xff\xfbsound")
    return data


def people(data: Path) -> list[tuple[str, str, str, str]]:
    with running(data) as url, psycopg.connect(url) as link:
        return link.execute(
            "SELECT email, member.name, role, organization.name FROM accounts_user AS person"
            " JOIN accounts_member AS member ON user_id = person.id"
            " JOIN accounts_organization AS organization ON organization_id = organization.id ORDER BY email"
        ).fetchall()


def test_the_first_user_owns_a_new_organization(filled: Path) -> None:
    assert people(filled) == [("anna@example.org", "Anna", "owner", "Кафе")]


def test_an_existing_user_gets_a_new_password(filled: Path) -> None:
    again = ringdesk("createuser", "--data", str(filled), "--email", "anna@example.org")
    assert (again.returncode, again.stdout.splitlines()[0], again.stderr) == (
        0,
        "anna@example.org has a new password; whoever was signed in as anna@example.org is signed out.",
        "",
    )
    assert re.fullmatch(r"  password: \S{16}", again.stdout.splitlines()[1])
    assert people(filled) == [("anna@example.org", "Anna", "owner", "Кафе")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Give the e-mail with --email.\n"),
        (("--email", "nobody"), "Enter a valid email address.\n"),
        (("--email", "new@example.org"), "Give the name with --name.\n"),
        (
            ("--email", "new@example.org", "--password"),
            "--password reads the password from standard input, and there was none.\n",
        ),
    ],
)
def test_what_is_missing_is_told(filled: Path, words: tuple[str, ...], said: str) -> None:
    done = ringdesk("createuser", "--data", str(filled), *words)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)


def test_a_backup_brings_everything_back(filled: Path, tmp_path: Path) -> None:
    file = tmp_path / "ringdesk.tar"
    saved = ringdesk("backup", "--data", str(filled), str(file))
    assert (saved.returncode, saved.stderr) == (0, "")
    assert saved.stdout.startswith(f"{file} holds the database, 1 media file and the secret key")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["ringdesk.tar"]

    other = tmp_path / "other"
    loaded = ringdesk("restore", "--data", str(other), str(file))
    assert (loaded.returncode, loaded.stderr) == (0, "")
    assert people(other) == people(filled)
    assert (other / "media" / "calls" / "1.mp3").read_bytes() == b"\xff\xfbsound"
    assert (other / "secret_key").read_text() == (filled / "secret_key").read_text()
    with Ringdesk("run", "--data", str(other), "--port", "0") as desk:
        assert httpx.get(desk.address() + "/readyz").status_code == 200

    again = ringdesk("restore", "--data", str(other), str(file))
    assert (again.returncode, again.stderr) == (
        1,
        "The database is not empty. Add --replace to throw away what it holds now.\n",
    )
    ringdesk("createuser", "--data", str(other), "--email", "ben@example.org", "--name", "Ben")
    (other / "media" / "late.mp3").write_bytes(b"late")
    replaced = ringdesk("restore", "--data", str(other), str(file), "--replace")
    assert (replaced.returncode, replaced.stderr) == (0, "")
    assert people(other) == people(filled)
    assert not (other / "media" / "late.mp3").exists()
    second = ringdesk("backup", "--data", str(other), str(tmp_path / "second.tar"))
    assert (second.returncode, second.stderr) == (0, "")


def test_a_running_desk_is_saved_but_not_replaced(filled: Path, tmp_path: Path) -> None:
    file = tmp_path / "ringdesk.tar"
    with Ringdesk("run", "--data", str(filled), "--port", "0") as desk:
        desk.address()
        saved = ringdesk("backup", "--data", str(filled), str(file))
        assert (saved.returncode, saved.stderr) == (0, "")
        refused = ringdesk("restore", "--data", str(filled), str(file), "--replace")
        assert (refused.returncode, "Ringdesk already runs on" in refused.stderr) == (1, True)
    twice = ringdesk("backup", "--data", str(filled), str(file))
    assert (twice.returncode, "exists already" in twice.stderr) == (1, True)


def test_a_file_that_is_no_backup_changes_nothing(filled: Path, tmp_path: Path) -> None:
    before = people(filled)
    wrong = tmp_path / "wrong.tar"
    wrong.write_bytes(b"no archive at all")
    done = ringdesk("restore", "--data", str(filled), str(wrong), "--replace")
    assert (done.returncode, "is no backup of Ringdesk" in done.stderr, "Traceback" in done.stderr) == (
        1,
        True,
        False,
    )
    label = tmp_path / "ringdesk.json"
    label.write_text(json.dumps({"format": 1}))
    (tmp_path / "database.dump").write_bytes(b"PGDMPbroken")
    with tarfile.open(wrong, "w") as tar:
        tar.add(label, "ringdesk.json")
        tar.add(tmp_path / "database.dump", "database.dump")
    done = ringdesk("restore", "--data", str(filled), str(wrong), "--replace")
    assert (done.returncode, done.stderr.startswith("pg_restore failed: ")) == (1, True)
    assert people(filled) == before
    missing = ringdesk("restore", "--data", str(filled), str(tmp_path / "none.tar"))
    assert (missing.returncode, "Traceback" in missing.stderr) == (1, False)


def test_a_backup_writes_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        for name in ("media/ok", "media/../../escaped", "/etc/escaped", "other", "media"):
            tar.add(tmp_path / "x", name)
    room = tmp_path / "room"
    room.mkdir()
    with tarfile.open(tmp_path / "evil.tar") as tar:
        _unpack(tar, room)
    written = [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    assert written == ["evil.tar", "room/media/ok", "x"]


def test_the_check_says_what_is_missing(filled: Path) -> None:
    done = ringdesk("check", "--data", str(filled))
    lines = [line.split(":")[0] for line in done.stdout.splitlines()]
    assert "advice  public address" in lines
    assert "advice  mail" in lines
    assert "ok      migrations" in lines
    assert done.stderr == ""
    os.chmod(filled / "secret_key", 0o644)
    done = ringdesk("check", "--data", str(filled), RINGDESK_PUBLIC_URL="https://desk.example.org")
    os.chmod(filled / "secret_key", 0o600)
    assert done.returncode == 1
    assert f"FAULT   secret key: others may read {filled}/secret_key; run: chmod 600 {filled}/secret_key" in done.stdout
    assert "ok      public address: https://desk.example.org" in done.stdout


def test_the_check_refuses_letters_without_an_address_of_ours(filled: Path) -> None:
    mail = "smtp://127.0.0.1:9"
    done = ringdesk("check", "--data", str(filled), EMAIL_URL=mail)
    assert "FAULT   public address: RINGDESK_PUBLIC_URL is not set, but EMAIL_URL is" in done.stdout
    assert done.returncode == 1
    done = ringdesk("check", "--data", str(filled), EMAIL_URL=mail, RINGDESK_PUBLIC_URL="https://desk.example.org")
    assert "ok      public address" in done.stdout
