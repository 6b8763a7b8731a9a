#!/bin/bash
# prepare.sh: what `make cluster-test` needs on the nodes. Nothing where there is no cluster; where
# IMAGE_LOAD is not set, the images are taken to be there.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../../.."
[ -n "${KUBECONFIG:-}" ] || exit 0
[ -n "${IMAGE_LOAD:-}" ] || exit 0
tools/images.sh build
tests/cluster/stand_in/build.sh
