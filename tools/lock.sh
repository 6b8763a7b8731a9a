#!/bin/sh
# Makes the one Python lock: hashed pins by purpose, without an address in any line.
# uv.lock and pylock.toml hold addresses and are therefore never committed.
set -eu
UV=${1:?usage: tools/lock.sh UV}
EXPORT="export --quiet --locked --no-header --no-annotate --no-emit-workspace --format requirements-txt"
COMPILE="pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url"
"$UV" lock --quiet
# shellcheck disable=SC2086  # the options are words
"$UV" $EXPORT --all-packages --group dev --output-file requirements/dev.txt
for member in services operator analysis cli; do
    # shellcheck disable=SC2086
    "$UV" $EXPORT --no-dev --package "tickwork-$member" --output-file "requirements/$member.txt"
done
# The image that conducts a run on a cluster holds the command line and the analysis.
# shellcheck disable=SC2086
"$UV" $EXPORT --no-dev --package tickwork-cli --package tickwork-analysis \
    --output-file requirements/conductor.txt
# shellcheck disable=SC2086
echo "uv==$("$UV" --version | cut -d' ' -f2)" | "$UV" $COMPILE - --output-file requirements/uv.txt
# shellcheck disable=SC2086
printf 'uv_build>=0.13.6,<0.14\nmaturin==1.16.0\n' | "$UV" $COMPILE - --output-file requirements/build.txt
# What checks the chart has an environment of its own: checkov pins a hundred packages.
# shellcheck disable=SC2086
printf 'checkov>=3.3\nkubernetes-validate>=1.37\n' | "$UV" $COMPILE --python-version 3.11 - --output-file requirements/chart.txt
# The peers' environment holds no member of the workspace: python-binance is a peer, not ours.
# shellcheck disable=SC2086
echo 'python-binance==1.0.37' | "$UV" $COMPILE - --output-file requirements/peers.txt
# Grafana's SDK makes JSON files; nothing that runs needs it.
# shellcheck disable=SC2086
echo 'grafana-foundation-sdk==0.0.21' | "$UV" $COMPILE - --output-file requirements/dashboards.txt
# shellcheck disable=SC2086
"$UV" $COMPILE --python-version 3.11 benchmarks/peers/requirements.in \
    --output-file benchmarks/peers/requirements.txt
# shellcheck disable=SC2086
"$UV" $COMPILE --python-version 3.11 requirements/linters.in --output-file requirements/linters.txt
# shellcheck disable=SC2086
echo 'pip-audit>=2.10' | "$UV" $COMPILE - --output-file requirements/audit.txt
if grep -n '://' benchmarks/peers/requirements.txt requirements/*.txt; then
    echo "a lock file holds an address" >&2
    exit 1
fi
