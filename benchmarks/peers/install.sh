#!/bin/sh
# Makes the environments of the peers from the hashed lock: one for Python 3.13, which cryptofeed 3
# and order-book 1.1 need (else the oldest one allowed), and one for msgspec on Python 3.11.
# usage: benchmarks/peers/install.sh UV
set -eu
UV=${1:?usage: benchmarks/peers/install.sh UV}
HERE=$(dirname "$0")
ROOT=$HERE/../..
LOCK=$HERE/requirements.txt

find_python() {
    for name in "python$1" "${PYENV_ROOT:-/nonexistent}"/versions/"$1".*/bin/python3; do
        if "$name" -c 'pass' 2>/dev/null; then echo "$name"; return; fi
    done
}

make_environment() { # folder, interpreter, requirements
    if ! cmp -s "$3" "$1/lock.txt"; then
        rm -rf "$1"
        "$2" -m venv "$1"
        "$UV" pip sync --quiet --require-hashes --python "$1/bin/python" "$3"
        cp "$3" "$1/lock.txt"
    fi
}

newest=$(find_python 3.13)
make_environment "$ROOT/.venv-bench" "${newest:-python3}" "$LOCK"
only=$(mktemp)
trap 'rm -f "$only"' EXIT
sed -n '/^msgspec==/,/^[a-z-]*==/p' "$LOCK" | sed '$d' >"$only"
make_environment "$ROOT/.venv-bench-311" "$ROOT/.venv/bin/python" "$only"
