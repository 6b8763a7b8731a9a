#!/bin/bash
# root.sh LOCK MEMBER…: installs a hashed lock and members of the workspace, and leaves in /rootfs
# what a container of them needs. Runs inside the build stage only.
set -euo pipefail
lock=$1
shift
python3 -m venv --without-pip /opt/tickwork
install=(uv pip install --quiet --no-cache --no-python-downloads --python /opt/tickwork/bin/python)
"${install[@]}" --require-hashes --no-deps --only-binary :all: -r "requirements/$lock.txt"
"${install[@]}" --no-deps --no-index --find-links /wheels "$@"
python3 tools/images/rootfs.py /opt/tickwork /rootfs
