#!/bin/sh
# Lets an unmodified third-party client keep a book against the twin, in an environment of its own.
# usage: tools/test-peers.sh [SECONDS]
set -eu
HERE=$(dirname "$0")/..
PEERS=$HERE/.venv-peers
LOCK=$HERE/requirements/peers.txt
if ! cmp -s "$LOCK" "$PEERS/lock.txt"; then
    rm -rf "$PEERS"
    python3 -m venv "$PEERS"
    "$PEERS/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$LOCK"
    cp "$LOCK" "$PEERS/lock.txt"
fi
PYTHONPATH="$HERE/tests" exec "$HERE/.venv/bin/python" "$HERE/tests/peers/compare.py" \
    "$PEERS/bin/python" "${1:-8}"
