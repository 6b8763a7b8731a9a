#!/bin/bash
# deploy.sh upgrade|test|rollback: the chart of this commit on the cluster of KUBECONFIG.
#
#   upgrade   installs or upgrades and waits; what does not become ready is rolled back by helm
#   test      runs the chart's own Experiment; where it fails, goes back to the revision before
#   rollback  goes back to REVISION, or to the one before
#
# NAMESPACE, RELEASE  tickwork unless set
# REGISTRY, IMAGE_TAG where the images are (the chart's own unless set), this commit's tag unless set
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
PATH=$PWD/.stamps/bin:$PATH
: "${KUBECONFIG:?deploy: KUBECONFIG is not set: say which cluster}"
NAMESPACE=${NAMESPACE:-tickwork}
RELEASE=${RELEASE:-tickwork}
TAG=${IMAGE_TAG:-$(git rev-parse HEAD | cut -c1-12)}

upgrade() {
    local values=(--set-string "image.tag=$TAG")
    [ -z "${REGISTRY:-}" ] || values+=(--set-string "image.registry=$REGISTRY")
    helm upgrade "$RELEASE" charts/tickwork --install --namespace "$NAMESPACE" --create-namespace \
        --rollback-on-failure --wait --timeout 5m "${values[@]}"
}

# Without a revision helm goes back to the one before; a first release has none and stays as it is.
rollback() {
    local revision=()
    [ -z "${REVISION:-}" ] || revision=("$REVISION")
    helm rollback "$RELEASE" "${revision[@]}" --namespace "$NAMESPACE" --wait --timeout 5m
}

prove() {
    helm test "$RELEASE" --namespace "$NAMESPACE" --timeout 5m --logs && return
    echo "deploy: the test failed; going back to the revision before" >&2
    rollback
    exit 1
}

case ${1:-} in
upgrade) upgrade ;;
test) prove ;;
rollback) rollback ;;
*)
    echo "usage: tools/deploy.sh upgrade|test|rollback" >&2
    exit 2
    ;;
esac
