"""Where the data is, and that one process works on it at a time."""

import os
from pathlib import Path

import pytest

from ringdesk.config.data_folder import DataFolder, Holder, default_data_folder
from ringdesk.config.refusal import Refused


def test_one_at_a_time(tmp_path: Path) -> None:
    with DataFolder(tmp_path) as first:
        first.acquire("http://127.0.0.1:8000")
        said = (
            f"Ringdesk already runs on {tmp_path} (process {os.getpid()}, http://127.0.0.1:8000). "
            "Stop it first, or choose another --data."
        )
        with pytest.raises(Refused) as refused:
            DataFolder(tmp_path).acquire("x")
        assert str(refused.value) == said
        first.announce("http://127.0.0.1:8000", "postgresql://here")
        found = DataFolder(tmp_path).acquire_or_find_holder("x")
        assert found == Holder(os.getpid(), "http://127.0.0.1:8000", "postgresql://here")
    with DataFolder(tmp_path) as next_one:
        assert next_one.acquire_or_find_holder("x") is None


def test_the_lock_file_may_say_anything(tmp_path: Path) -> None:
    (tmp_path / "ringdesk.lock").write_text('{"pid": "?", "more": 1}')
    with DataFolder(tmp_path) as folder:
        folder.acquire("x")
        os.truncate(tmp_path / "ringdesk.lock", 0)
        with pytest.raises(Refused, match="another process"):
            DataFolder(tmp_path).acquire("y")


def test_the_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    with DataFolder(tmp_path / "a" / "b") as folder:
        folder.acquire("x")
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_the_default_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGDESK_DATA", str(tmp_path / "chosen"))
    assert default_data_folder() == tmp_path / "chosen"
    monkeypatch.delenv("RINGDESK_DATA")
    monkeypatch.chdir(Path(__file__).parents[3])
    assert default_data_folder() == Path(__file__).parents[3] / "var"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    expected = {True: Path("/var/lib/ringdesk"), False: tmp_path / "share" / "ringdesk"}
    for is_root, place in expected.items():
        monkeypatch.setattr(os, "geteuid", lambda is_root=is_root: 0 if is_root else 1000)
        assert default_data_folder() == place
