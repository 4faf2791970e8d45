#!/bin/sh
# Succeeds when the browser for the browser tests is there; as root on Debian installs it; else says what to install.
set -eu

is_there() { command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1; }

is_there && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium for the browser tests …"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq </dev/null && apt-get install -y -qq --no-install-recommends chromium fonts-noto-core </dev/null >/dev/null || true
    is_there && exit 0
fi
echo "The browser tests need Chromium: install it (for example: sudo apt-get install chromium fonts-noto-core), then run make test again." >&2
exit 1
