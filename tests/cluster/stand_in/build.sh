#!/bin/bash
# build.sh: builds the stand-in image with docker or buildah and hands it to IMAGE_LOAD (see
# tools/images.sh, whose variables hold here too).
set -euo pipefail
cd "$(dirname "$(realpath "$0")")"
NAME=docker.io/tickwork/stand-in:test
ARCHIVE=$(realpath ../../..)/target/images/stand-in.tar
mkdir -p "$(dirname "$ARCHIVE")"
rm -f "$ARCHIVE"
if [ "${IMAGE_ENGINE:-}" != buildah ] && docker info >/dev/null 2>&1; then
    docker build -q -t "$NAME" . >/dev/null
    docker save -o "$ARCHIVE" "$NAME"
else
    buildah=(buildah)
    if [ -n "${LAB:-}" ] && [ -d "$LAB/bs" ]; then
        buildah+=(--root "$LAB/bs" --runroot "$LAB/bsr" --storage-driver overlay)
    fi
    "${buildah[@]}" build -q --pull-never --isolation chroot -t "$NAME" . >/dev/null
    "${buildah[@]}" push -q "$NAME" "docker-archive:$ARCHIVE:$NAME"
fi
read -ra load <<<"${IMAGE_LOAD:?says how an archive gets to the nodes}"
if [ "${load[-1]}" = push ]; then
    "${load[@]}" "$ARCHIVE" "${NAME#*/}" </dev/null
else
    "${load[@]}" "$ARCHIVE"
fi
