# Sourced by the steps of the Dockerfile that reach a package registry.
# shellcheck shell=sh
# How a machine reaches its registries (mirror, proxy, certificate) is the machine's own secret: it is
# mounted for the step, and no layer, argument or file of the repository ever holds it.
if [ -s /run/secrets/network ]; then
    set -a
    # shellcheck source=/dev/null
    . /run/secrets/network
    set +a
fi
if [ -s /run/secrets/ca ]; then
    export SSL_CERT_FILE=/run/secrets/ca PIP_CERT=/run/secrets/ca CARGO_HTTP_CAINFO=/run/secrets/ca
fi
