"""The installation's secret key: from a file of the data folder, made on first use."""

import os
import secrets
from pathlib import Path


def read_or_create(data: Path) -> str:
    """Return the key in ``data/secret_key`` (mode 0600), writing a random one when there is none."""
    path = data / "secret_key"
    data.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    key = secrets.token_urlsafe(48)
    with os.fdopen(descriptor, "w") as file:
        file.write(key + "\n")
    return key
