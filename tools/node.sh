#!/bin/sh
# Succeeds when Node.js is there to build the pages' scripts and styles, or says what to install.
set -eu

needed=20
if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
    echo "Ringdesk's pages are built with Node.js $needed or newer and npm: install them (nodejs.org, or the packages nodejs and npm), then run make again." >&2
    exit 1
fi
if ! node -e "process.exit(Number(process.versions.node.split('.')[0]) < $needed ? 1 : 0)"; then
    echo "Ringdesk's pages are built with Node.js $needed or newer; this is $(node --version). Install a newer one, then run make again." >&2
    exit 1
fi
