#!/bin/bash
# audit.sh BIN: asks for known advisories on every Python lock and on Cargo.lock; needs the network.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
BIN=${1:?usage: tools/audit.sh BIN, the folder of pip-audit and cargo-audit}
fail=0
for lock in requirements/*.txt benchmarks/peers/requirements.txt; do
    # The workspace's own members are no packages of a registry.
    [ "$lock" != requirements/workspace.txt ] || continue
    echo "$lock"
    "$BIN/pip-audit" --disable-pip --require-hashes --requirement "$lock" || fail=1
done
echo Cargo.lock
"$BIN/cargo-audit" audit || fail=1
exit $fail
