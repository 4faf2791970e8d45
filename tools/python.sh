#!/bin/sh
# Prints the path of a Python that Ringdesk runs on, or says what to install.
set -eu

for name in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
    found=$(command -v "$name" 2>/dev/null) || continue
    "$found" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || continue
    if ! "$found" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "$found has no venv module: install the package python3-venv (Debian, Ubuntu), then run make again." >&2
        exit 1
    fi
    echo "$found"
    exit 0
done
echo "Ringdesk needs Python 3.11, 3.12 or 3.13: install one (python.org, or the packages python3 and python3-venv), then run make again." >&2
exit 1
