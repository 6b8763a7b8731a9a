"""Waits until the API server serves the kind Experiment; a first install has just brought it.

Argument: the seconds it may take. It needs Python's standard library and any token.
"""

import json
import pathlib
import ssl
import sys
import time
import urllib.error
import urllib.request

ACCOUNT = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount")
ASKED = "https://kubernetes.default.svc/apis/tickwork.dev/v1alpha1"
PAUSE_SECONDS = 0.5


def served():
    """Says whether the kind is among what the API server serves."""
    headers = {"Authorization": f"Bearer {(ACCOUNT / 'token').read_text(encoding='utf-8')}"}
    trust = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    request = urllib.request.Request(ASKED, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5, context=trust) as answer:
            found = json.load(answer)
    except urllib.error.URLError as error:
        print(f"not yet: {error}", flush=True)
        return False
    return any(each["kind"] == "Experiment" for each in found["resources"])


def main():
    deadline = time.monotonic() + float(sys.argv[1])
    while not served():
        if time.monotonic() > deadline:
            raise SystemExit("the kind Experiment is not served; look at the definition's status")
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main()
