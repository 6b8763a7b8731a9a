#!/bin/sh
# Says in one sentence what a machine lacks to build Tickwork.
fail=0
say() { echo "tickwork: $1" >&2; fail=1; }
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || say "Python 3.11 or newer is missing: install python3."
python3 -c 'import venv, ensurepip' 2>/dev/null || say "Python's venv module is missing: install python3-venv."
if command -v cargo >/dev/null 2>&1; then
    minor=$(cargo --version | sed -E 's/^cargo 1\.([0-9]+).*/\1/')
    [ "$minor" -ge 89 ] 2>/dev/null || say "cargo 1.89 or newer is needed: update Rust."
else
    say "cargo is missing: install Rust 1.89 or newer."
fi
command -v cc >/dev/null 2>&1 || say "a C linker (cc) is missing: install gcc or clang."
exit $fail
