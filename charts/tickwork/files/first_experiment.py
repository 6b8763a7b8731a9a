"""Makes one Experiment, waits until it is Complete, deletes it: what ``helm test`` runs.

Arguments: the Experiment as a JSON file, and the seconds it may take. Ends with 0 when it was
Complete. It needs Python's standard library and the token of its pod, nothing else.
"""

import json
import pathlib
import ssl
import sys
import time
import urllib.error
import urllib.request

ACCOUNT = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount")
SERVER = "https://kubernetes.default.svc"
CALL_SECONDS = 10
PAUSE_SECONDS = 1
GONE = 404


def call(method, path, body=None):
    """Calls the API server; returns what it answered, or None where nothing of that name is."""
    token = (ACCOUNT / "token").read_text(encoding="utf-8")
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(SERVER + path, data, headers, method=method)
    trust = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    try:
        with urllib.request.urlopen(request, timeout=CALL_SECONDS, context=trust) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == GONE and method != "POST":
            return None
        raise SystemExit(f"{method} {path}: {error.code} {error.read().decode()}") from error


def standing(experiment):
    """Returns (Complete or Failed or None, one line about where the run stands)."""
    status = experiment.get("status") or {}
    words = [str(status.get("phase", "not seen by the operator yet"))]
    if percent := (status.get("progress") or {}).get("percent"):
        words.append(f"{percent} %")
    for condition in status.get("conditions", []):
        if condition.get("status") == "True" and condition.get("type") in {"Complete", "Failed"}:
            words += [str(condition.get("reason", "")), str(condition.get("message", ""))]
            return condition["type"], " ".join(words)
    return None, " ".join(words)


def wait(path, deadline):
    """Waits for the end of the Experiment at ``path``; prints each change; returns its status."""
    said = ""
    while True:
        experiment = call("GET", path)
        if experiment is None:
            raise SystemExit("the Experiment was deleted by somebody else")
        final, line = standing(experiment)
        if line != said:
            print(line, flush=True)
            said = line
        if final == "Complete":
            return experiment["status"]
        if final == "Failed":
            raise SystemExit("the Experiment failed; it is kept, so that it can be described")
        if time.monotonic() > deadline:
            raise SystemExit(f"not Complete in time; last seen: {line}")
        time.sleep(PAUSE_SECONDS)


def main():
    experiment = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    deadline = time.monotonic() + float(sys.argv[2])
    metadata = experiment["metadata"]
    folder = f"/apis/{experiment['apiVersion']}/namespaces/{metadata['namespace']}/experiments"
    path = f"{folder}/{metadata['name']}"
    while call("DELETE", path) is not None:
        time.sleep(PAUSE_SECONDS)
    call("POST", folder, experiment)
    print(f"made Experiment {metadata['name']} in namespace {metadata['namespace']}", flush=True)
    status = wait(path, deadline)
    print(json.dumps(status.get("digest"), indent=1))
    call("DELETE", path)


if __name__ == "__main__":
    main()
