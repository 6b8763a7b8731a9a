#!/bin/sh
# Sees that Prometheus and promtool are there; installs Debian's package where it may.
set -eu
if command -v prometheus >/dev/null 2>&1 && command -v promtool >/dev/null 2>&1; then
    exit 0
fi
if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" -ne 0 ]; then
    echo "tickwork: prometheus or promtool is missing: install the package prometheus (as root: apt-get install prometheus)." >&2
    exit 1
fi
# The server is only wanted as a program: its service is not started.
printf '#!/bin/sh\nexit 101\n' >/tmp/tickwork-no-services
chmod +x /tmp/tickwork-no-services
trap 'rm -f /tmp/tickwork-no-services' EXIT
[ -e /usr/sbin/policy-rc.d ] || {
    cp /tmp/tickwork-no-services /usr/sbin/policy-rc.d
    trap 'rm -f /tmp/tickwork-no-services /usr/sbin/policy-rc.d' EXIT
}
if ! DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends prometheus; then
    echo "tickwork: the package prometheus could not be installed: see above; apt-get update may help." >&2
    exit 1
fi
