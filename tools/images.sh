#!/bin/bash
# images.sh build|load|references [IMAGE…]: the images of Tickwork, with docker or buildah.
#
#   build        builds each image, tags it by commit and by version, writes target/images/IMAGE.tar,
#                says its size; then does what `load` does where IMAGE_LOAD is set
#   load         hands each archive to IMAGE_LOAD
#   references   prints the references that a build of this commit has
#
# IMAGE_LOAD    how an archive gets to the nodes of a cluster: a command that is given the archive
#               ("kind load image-archive"); one that ends in " push" is given NAME:TAG as well
# IMAGE_PREFIX  what stands before an image's name, docker.io/tickwork unless set
# IMAGE_TAG     the tag beside the version: the commit, with -dirty where files differ from it
# IMAGE_VERSION_TAG  another tag instead of the version; empty: the tag by commit alone
# IMAGE_ENGINE  docker or buildah; found out unless set
# IMAGE_PULL    missing (default) or never: with never, bases are those that are there already
# PYTHON_IMAGE, RUST_IMAGE   other bases than the Dockerfile's, a digest for example
# LAB           a lab that has no registry to pull from: its store holds the bases (IMAGE_PULL=never)
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
ALL=(services conductor operator)
ARCHIVES=target/images
PREFIX=${IMAGE_PREFIX:-docker.io/tickwork}
PULL=${IMAGE_PULL:-$([ -n "${LAB:-}" ] && echo never || echo missing)}
VERSION=$(sed -nE 's/^version = "(.*)"/\1/p' pyproject.toml)
SECOND_TAG=${IMAGE_VERSION_TAG-$VERSION}
REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)
EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
BUILDAH=(buildah)
if [ -n "${LAB:-}" ] && [ -d "$LAB/bs" ]; then
    BUILDAH+=(--root "$LAB/bs" --runroot "$LAB/bsr" --storage-driver overlay)
fi

fail() {
    echo "images: $1" >&2
    exit 1
}

tag() {
    if [ -n "${IMAGE_TAG:-}" ]; then
        echo "$IMAGE_TAG"
    else
        local dirty=
        [ -z "$(git status --porcelain 2>/dev/null)" ] || dirty=-dirty
        echo "${REVISION:0:12}$dirty"
    fi
}

engine() {
    if [ -n "${IMAGE_ENGINE:-}" ]; then
        echo "$IMAGE_ENGINE"
    elif docker buildx version >/dev/null 2>&1 && docker info >/dev/null 2>&1; then
        echo docker
    elif command -v buildah >/dev/null; then
        echo buildah
    else
        fail "neither a running docker with buildx nor buildah is here: install one of them."
    fi
}

# Writes into folder $1 what a build step needs to reach this machine's registries, and nothing of it
# goes anywhere else: each file is mounted as a secret for the steps that download.
write_secrets() {
    local name index
    for name in PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_TRUSTED_HOST PIP_DEFAULT_TIMEOUT \
        UV_DEFAULT_INDEX UV_INDEX UV_INDEX_URL UV_INSECURE_HOST UV_HTTP_TIMEOUT \
        CARGO_REGISTRIES_CRATES_IO_PROTOCOL CARGO_HTTP_PROXY CARGO_NET_RETRY \
        HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy; do
        [ -z "${!name:-}" ] || printf '%s=%q\n' "$name" "${!name}"
    done >"$1/network"
    index=$(python3 -m pip config get global.index-url 2>/dev/null || true)
    if [ -n "$index" ] && [ -z "${PIP_INDEX_URL:-}" ]; then
        printf 'PIP_INDEX_URL=%q\n' "$index" >>"$1/network"
    fi
    index=${PIP_INDEX_URL:-$index}
    if [ -n "$index" ] && [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
        printf 'UV_DEFAULT_INDEX=%q\n' "$index" >>"$1/network"
    fi
    cat "${SSL_CERT_FILE:-/dev/null}" >"$1/ca"
    cat "${CARGO_HOME:-$HOME/.cargo}/config.toml" >"$1/cargo" 2>/dev/null || true
}

# Where no registry serves the Rust base, this machine's own toolchain of the same version stands in.
stand_in_toolchain() {
    local base=$1 wanted sysroot container links
    "${BUILDAH[@]}" inspect --type image "$base" >/dev/null 2>&1 && return
    wanted=$(sed -E 's/.*rust:([0-9.]+).*/\1/' <<<"$base")
    [ "$(rustc --version 2>/dev/null | cut -d' ' -f2)" = "$wanted" ] ||
        fail "$base is not here, may not be pulled, and this machine has no Rust $wanted to stand in."
    echo "images: this machine's Rust $wanted stands in for $base" >&2
    sysroot=$(rustc --print sysroot)
    links=$(mktemp -d)
    ln -s ../../rustup/toolchain/bin/cargo ../../rustup/toolchain/bin/rustc "$links"
    container=$("${BUILDAH[@]}" from scratch)
    "${BUILDAH[@]}" copy -q "$container" "$sysroot/bin/cargo" "$sysroot/bin/rustc" \
        /usr/local/rustup/toolchain/bin/ >/dev/null
    "${BUILDAH[@]}" copy -q "$container" "$sysroot/lib" /usr/local/rustup/toolchain/lib >/dev/null
    "${BUILDAH[@]}" copy -q "$container" "$links" /usr/local/cargo/bin >/dev/null
    rm -rf "$links"
    "${BUILDAH[@]}" commit -q --rm "$container" "$base" >/dev/null
}

names() {
    echo "$PREFIX/$1:$(tag)"
    [ -z "$SECOND_TAG" ] || echo "$PREFIX/$1:$SECOND_TAG"
}

arguments() {
    printf '%s\n' "VERSION=$VERSION" "REVISION=$REVISION" \
        "CREATED=$(date -u -d "@$EPOCH" +%Y-%m-%dT%H:%M:%SZ)"
    [ -z "${PYTHON_IMAGE:-}" ] || echo "PYTHON_IMAGE=$PYTHON_IMAGE"
    [ -z "${RUST_IMAGE:-}" ] || echo "RUST_IMAGE=$RUST_IMAGE"
}

build() {
    local engine secrets image options=() line rust
    engine=$(engine)
    secrets=$(mktemp -d)
    # shellcheck disable=SC2064  # the folder's name is known now
    trap "rm -rf '$secrets'" EXIT
    write_secrets "$secrets"
    for line in network ca cargo; do
        [ ! -s "$secrets/$line" ] || options+=(--secret "id=$line,src=$secrets/$line")
    done
    while read -r line; do options+=(--build-arg "$line"); done < <(arguments)
    mkdir -p "$ARCHIVES"
    if [ "$engine" = buildah ] && [ "$PULL" = never ]; then
        rust=${RUST_IMAGE:-$(sed -n 's/^ARG RUST_IMAGE=//p' Dockerfile)}
        stand_in_toolchain "$rust"
    fi
    for image in "$@"; do
        "build_with_$engine" "$image" "${options[@]}"
        echo "$image: $(size_of "$image") MB, $(names "$image" | paste -sd' ')"
    done
}

build_with_buildah() {
    local image=$1 pull=(--pull)
    shift
    [ "$PULL" != never ] || pull=(--pull-never)
    "${BUILDAH[@]}" build "${pull[@]}" --isolation "${BUILDAH_ISOLATION:-chroot}" --layers \
        --timestamp "$EPOCH" --target "$image" "$@" \
        --tag "$PREFIX/$image:$(tag)" . >"$ARCHIVES/$image.log" 2>&1 ||
        { tail -n 30 "$ARCHIVES/$image.log" >&2; fail "$image was not built."; }
    rm -f "$ARCHIVES/$image.tar"
    "${BUILDAH[@]}" push -q "$PREFIX/$image:$(tag)" \
        "docker-archive:$ARCHIVES/$image.tar:$PREFIX/$image:$(tag)"
    [ -z "$SECOND_TAG" ] ||
        python3 tools/images/retag.py "$ARCHIVES/$image.tar" "$PREFIX/$image:$SECOND_TAG"
}

build_with_docker() {
    local image=$1 tags=() name
    shift
    while read -r name; do tags+=("$name"); done < <(names "$image")
    SOURCE_DATE_EPOCH=$EPOCH docker buildx build --progress plain --target "$image" "$@" \
        "${tags[@]/#/--tag=}" --output "type=docker,rewrite-timestamp=true" .
    docker save -o "$ARCHIVES/$image.tar" "${tags[@]}"
}

# An archive holds its layers uncompressed: its size is the room that the image takes on a node.
size_of() {
    echo $(($(stat -c %s "$ARCHIVES/$1.tar") / 1000000))
}

load() {
    local image command name
    [ -n "${IMAGE_LOAD:-}" ] || fail "IMAGE_LOAD is not set: say how an archive gets to the nodes."
    read -ra command <<<"$IMAGE_LOAD"
    for image in "$@"; do
        [ -f "$ARCHIVES/$image.tar" ] || fail "$ARCHIVES/$image.tar is not here: make images."
        if [ "${command[-1]}" = push ]; then
            while read -r name; do
                "${command[@]}" "$ARCHIVES/$image.tar" "${name#*/}" </dev/null
            done < <(names "$image")
        else
            "${command[@]}" "$ARCHIVES/$image.tar"
        fi
    done
}

verb=${1:?usage: tools/images.sh build|load|references [IMAGE…]}
shift
[ $# -gt 0 ] || set -- "${ALL[@]}"
case $verb in
build)
    build "$@"
    [ -z "${IMAGE_LOAD:-}" ] || load "$@"
    ;;
load) load "$@" ;;
references) for image in "$@"; do echo "$PREFIX/$image:$(tag)"; done ;;
*) fail "$verb is no verb: build, load or references." ;;
esac
