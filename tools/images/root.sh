#!/bin/bash
# root.sh MEMBER…: adds members of the workspace to the environment, and leaves in /rootfs what a
# container of them needs; in /state the folders that its user may own. Runs inside a build stage.
set -euo pipefail
uv pip install --quiet --python /opt/tickwork/bin/python \
    --no-deps --no-index --find-links /wheels "$@"
python3 rootfs.py /opt/tickwork /rootfs
mkdir -p /state/output /state/plan /state/run /state/shm
