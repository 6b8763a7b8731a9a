#!/bin/bash
# supply.sh sbom|sign|verify|all [IMAGE…]: what is in each image of target/images, and who says so.
#
#   sbom     writes target/supply/IMAGE.spdx.json from the archive (syft)
#   sign     pushes each archive to SUPPLY_REGISTRY; signs its digest, attests the SBOM (cosign)
#   verify   checks signature and attestation of what `sign` pushed, and that another key is refused
#   all      one after the other
#
# SUPPLY_REGISTRY   where to, as in 127.0.0.1:5000; http is spoken where SUPPLY_HTTP=1
# SUPPLY_KEY        folder with cosign.key and cosign.pub; made in target/supply/key unless there
# COSIGN_PASSWORD   of the key, empty unless set
#
# With a key and without a transparency log, so that it runs where no public service is reached; what
# is published is signed by identity instead (tools/publish.sh).
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
PATH=$PWD/.stamps/bin:$PATH
ALL=(services conductor operator)
ARCHIVES=target/images
OUT=target/supply
KEY=${SUPPLY_KEY:-$OUT/key}
export COSIGN_PASSWORD=${COSIGN_PASSWORD:-}

fail() {
    echo "supply: $1" >&2
    exit 1
}

need() {
    command -v "$1" >/dev/null || fail "$1 is not on the PATH: $2"
}

need_archive() {
    [ -f "$ARCHIVES/$1.tar" ] || fail "$ARCHIVES/$1.tar is not here: make images."
}

need_registry() {
    [ -n "${SUPPLY_REGISTRY:-}" ] ||
        fail "SUPPLY_REGISTRY is not set: say where to push, as in 127.0.0.1:5000."
    INSECURE=()
    TLS=()
    if [ "${SUPPLY_HTTP:-}" = 1 ]; then
        INSECURE=(--allow-http-registry)
        TLS=(--tls-verify=false)
    fi
}

sbom() {
    need syft "see https://github.com/anchore/syft"
    mkdir -p "$OUT"
    local image
    for image in "$@"; do
        need_archive "$image"
        syft scan -q "docker-archive:$ARCHIVES/$image.tar" -o "spdx-json=$OUT/$image.spdx.json"
        python3 -c 'import json, sys
names = {each["name"].lower() for each in json.load(open(sys.argv[2]))["packages"]}
absent = {"tickwork", "libc6"} - names
if absent:
    sys.exit(f"supply: the SBOM of {sys.argv[1]} does not name {sorted(absent)}")
print(f"{sys.argv[1]}: {len(names)} packages")' "$image" "$OUT/$image.spdx.json"
    done
}

make_key() {
    mkdir -p "$1"
    [ -f "$1/cosign.key" ] || (cd "$1" && cosign generate-key-pair >/dev/null 2>&1)
}

push() {
    local store digest
    store=$(mktemp -d)
    # A store of its own, so that nothing of the caller's is touched.
    local buildah=(buildah --root "$store/root" --runroot "$store/run" --storage-driver vfs)
    "${buildah[@]}" pull -q "docker-archive:$ARCHIVES/$1.tar" >"$store/identity"
    "${buildah[@]}" push -q "${TLS[@]}" --digestfile "$store/digest" \
        "$(cat "$store/identity")" "docker://$SUPPLY_REGISTRY/tickwork/$1:supply"
    digest=$(cat "$store/digest")
    rm -rf "$store"
    echo "$SUPPLY_REGISTRY/tickwork/$1@$digest"
}

sign() {
    need cosign "see https://github.com/sigstore/cosign"
    need buildah "it pushes the archives"
    need_registry
    make_key "$KEY"
    local image name
    for image in "$@"; do
        need_archive "$image"
        [ -f "$OUT/$image.spdx.json" ] || sbom "$image"
        name=$(push "$image")
        echo "$name" >"$OUT/$image.reference"
        cosign sign --yes --key "$KEY/cosign.key" "${INSECURE[@]}" \
            --use-signing-config=false --tlog-upload=false "$name" >"$OUT/$image.log" 2>&1 ||
            fail "$name was not signed: $(tail -n 1 "$OUT/$image.log")"
        cosign attest --yes --key "$KEY/cosign.key" "${INSECURE[@]}" --type spdxjson \
            --use-signing-config=false --tlog-upload=false \
            --predicate "$OUT/$image.spdx.json" "$name" >"$OUT/$image.log" 2>&1 ||
            fail "the SBOM of $name was not attested: $(tail -n 1 "$OUT/$image.log")"
        echo "$image: signed, attested: $name"
    done
}

verify() {
    need cosign "see https://github.com/sigstore/cosign"
    need_registry
    make_key "$OUT/other"
    local image name check
    check=("${INSECURE[@]}" --insecure-ignore-tlog)
    for image in "$@"; do
        [ -f "$OUT/$image.reference" ] || fail "$image is not signed: tools/supply.sh sign $image"
        name=$(cat "$OUT/$image.reference")
        cosign verify --key "$KEY/cosign.pub" "${check[@]}" "$name" >"$OUT/$image.log" 2>&1 ||
            fail "the signature of $name is not good: $(tail -n 1 "$OUT/$image.log")"
        cosign verify-attestation --key "$KEY/cosign.pub" --type spdxjson "${check[@]}" "$name" \
            >"$OUT/$image.log" 2>&1 ||
            fail "the attestation of $name is not good: $(tail -n 1 "$OUT/$image.log")"
        if cosign verify --key "$OUT/other/cosign.pub" "${check[@]}" "$name" \
            >"$OUT/$image.log" 2>&1; then
            fail "$name passes with a key that never signed it."
        fi
        echo "$image: signature and attestation are good, another key is refused"
    done
}

[ $# -gt 0 ] || fail "usage: tools/supply.sh sbom|sign|verify|all [IMAGE…]"
verb=$1
shift
[ $# -gt 0 ] || set -- "${ALL[@]}"
case $verb in
sbom | sign | verify) "$verb" "$@" ;;
all)
    need_registry
    sbom "$@"
    sign "$@"
    verify "$@"
    ;;
*) fail "$verb is no verb: sbom, sign, verify or all." ;;
esac
