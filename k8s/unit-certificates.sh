#!/bin/sh
# Makes the secret of the units, tickwork-unit-tls, in each NAMESPACE given: a CA and one certificate for
# unit.tickwork, as the chart does. The CA's key is thrown away; run it again to renew.
set -eu
[ $# -gt 0 ] || { echo "usage: k8s/unit-certificates.sh NAMESPACE..." >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for namespace; do
    openssl req -x509 -newkey rsa:3072 -nodes -days 3650 -subj "/CN=tickwork $namespace" \
        -addext "keyUsage=critical,keyCertSign" -keyout ca.key -out ca.crt 2>/dev/null
    openssl req -newkey rsa:3072 -nodes -subj "/CN=unit.tickwork" -keyout tls.key -out request 2>/dev/null
    printf '%s\n' "subjectAltName=DNS:unit.tickwork" "extendedKeyUsage=serverAuth,clientAuth" \
        "keyUsage=critical,digitalSignature,keyEncipherment" "basicConstraints=critical,CA:FALSE" >extensions
    openssl x509 -req -days 3650 -in request -CA ca.crt -CAkey ca.key -extfile extensions -out tls.crt 2>/dev/null
    kubectl -n "$namespace" create secret generic tickwork-unit-tls --type=kubernetes.io/tls \
        --from-file=ca.crt --from-file=tls.crt --from-file=tls.key --dry-run=client -o yaml |
        kubectl apply --server-side --force-conflicts -f -
done
