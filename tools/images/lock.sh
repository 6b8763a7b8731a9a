#!/bin/bash
# lock.sh LOCK: makes the environment of an image and installs a hashed lock, wheels only.
# Runs inside a build stage.
set -euo pipefail
python3 -m venv --without-pip /opt/tickwork
uv pip install --quiet --python /opt/tickwork/bin/python \
    --require-hashes --no-deps --only-binary :all: -r "$1"
