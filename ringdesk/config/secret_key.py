"""The installation's secret key: from a file of the data folder, made on first use."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path


def read_or_create(data: Path) -> str:
    """Return the key in ``data/secret_key`` (mode 0600), writing a random one when there is none."""
    path = data / "secret_key"
    data.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _create(path)
    return path.read_text().strip()


def _create(path: Path) -> None:
    # Whole or not at all: a crash in between must not leave an empty key behind, nor two processes two keys.
    descriptor, fresh = tempfile.mkstemp(prefix=".secret_key-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        os.unlink(fresh)
