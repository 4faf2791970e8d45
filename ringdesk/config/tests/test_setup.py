"""On a machine that lacks something, make says what to install."""

import os
import subprocess
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[3] / "tools"


def said(tool: str, folder: Path, **programs: str) -> tuple[int, str]:
    """Run a tool where nothing is found but these programs (shell scripts). Exit code and standard error."""
    for name, script in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    words = ["/bin/sh", str(TOOLS / tool)]
    done = subprocess.run(words, env={"PATH": str(folder)}, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_no_python(tmp_path: Path) -> None:
    code, text = said("python.sh", tmp_path, **{"python3": "exit 1"})  # too old
    assert (code, text.startswith("Ringdesk needs Python 3.11, 3.12 or 3.13: install one")) == (1, True)


def test_python_without_venv(tmp_path: Path) -> None:
    code, text = said("python.sh", tmp_path, **{"python3.12": 'case "$2" in *ensurepip*) exit 1;; esac'})
    assert (code, "install the package python3-venv" in text, text.count("\n")) == (1, True, 1)


def test_no_node(tmp_path: Path) -> None:
    code, text = said("node.sh", tmp_path)
    assert (code, text.startswith("Ringdesk's pages are built with Node.js 20 or newer and npm: install")) == (
        1,
        True,
    )


def test_old_node(tmp_path: Path) -> None:
    script = 'case "$1" in --version) echo v18.1.0;; *) exit 1;; esac'
    code, text = said("node.sh", tmp_path, node=script, npm="")
    assert (code, "this is v18.1.0. Install a newer one" in text) == (1, True)


@pytest.mark.parametrize("who", ["1000", "0"])
def test_no_chromium(tmp_path: Path, who: str) -> None:
    code, text = said("chromium.sh", tmp_path, id=f"echo {who}")
    assert (code, text.startswith("The browser tests need Chromium: install it")) == (1, True)


def test_the_tools_are_programs() -> None:
    assert {path.name: os.access(path, os.X_OK) for path in TOOLS.glob("*.sh")} == {
        "python.sh": True,
        "node.sh": True,
        "chromium.sh": True,
    }
