#!/bin/bash
# publish.sh: pushes every image of this commit for both architectures, with SBOM and provenance,
# and signs each by the identity of whoever runs this (keyless).
#
# PREFIX   what stands before an image's name, as in docker.io/tickwork
# VERSION  the second tag; from the tag v1.2.3 of this commit, else "main"
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
: "${PREFIX:?publish: say where to, as in PREFIX=docker.io/tickwork}"
REVISION=$(git rev-parse HEAD)
EPOCH=$(git log -1 --format=%ct)
VERSION=${VERSION:-}
case ${GITHUB_REF:-} in
refs/tags/v*) VERSION=${GITHUB_REF#refs/tags/v} ;;
esac
METADATA=target/images/published.json
mkdir -p target/images
export PREFIX REVISION VERSION=${VERSION:-main} PUSH=true SOURCE_DATE_EPOCH=$EPOCH
CREATED=$(date -u -d "@$EPOCH" +%Y-%m-%dT%H:%M:%SZ) \
    docker buildx bake --metadata-file "$METADATA"
for image in services conductor operator; do
    digest=$(python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))[sys.argv[2]]["containerimage.digest"])' "$METADATA" "$image")
    cosign sign --yes "$PREFIX/$image@$digest"
    echo "$PREFIX/$image@$digest"
done
