"""A namespace of one test, and what tests ask of it."""

import secrets
import time

from tickwork_operator import resources

from cluster import api as apis

GROUP = resources.GROUP
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
# Pods that no node takes: children like any others, and no weight on the cluster.
NOWHERE = {"groups": {"pipeline": {"region": "nowhere"}, "venue": {"region": "nowhere"}}}
SMALL = {
    "venue": {
        "name": "binance-usdm",
        "instruments": ["BTCUSDT", "ETHUSDT"],
        "channels": ["depth", "bookTicker", "trade"],
        "depthIntervalMs": 0,
        "snapshotLimit": 1000,
        "twin": {
            "engine": {
                "messagesPerSecond": 500,
                "mix": {"depth": 0.8, "bookTicker": 0.15, "trade": 0.05},
                "levelsMax": 100,
            }
        },
    },
    "forwarder": {"lines": 1},
    "book": {"depth": 20, "proof": ["ticker", "truth"]},
    "publish": {"name": "small", "ringSlots": 4096},
    "consumers": [{"name": "shm", "transport": "shm"}],
}


def experiment(name, seconds=3, *, suspend=False, cluster=None, **spec):
    """Returns the manifest of a small pipeline; ``cluster`` is laid over its ``spec.cluster``."""
    asked = {"startDeadlineSeconds": 120, "sink": {"kind": "job", "keepSeconds": 1}}
    body = {"cluster": {**asked, **(cluster or {})}, "pipeline": SMALL, **spec}
    if seconds is not None:
        body |= {"durationSeconds": seconds, "warmUpSeconds": 0}
    if suspend:
        body["suspend"] = True
    return {
        "apiVersion": resources.EXPERIMENTS.api_version,
        "kind": "Experiment",
        "metadata": {"name": name},
        "spec": body,
    }


class Space:
    """One namespace, which takes all that is in it with it."""

    def __init__(self, api, word):
        self.api = api
        self.name = f"tw-{word[:30].rstrip('-')}-{secrets.token_hex(3)}"
        labels = {**RESTRICTED, f"{GROUP}/tests": "yes"}
        api.create({"kind": "Namespace", "metadata": {"name": self.name, "labels": labels}})
        self._witnesses = []

    def end(self):
        for witness in self._witnesses:
            witness.end()
        self.api.delete("Namespace", None, self.name)

    def witness(self, kind):
        self._witnesses.append(apis.Witness(self.api, kind, self.name))
        return self._witnesses[-1]

    def create(self, body):
        body["metadata"]["namespace"] = self.name
        return self.api.create(body)

    def get(self, kind, name):
        return self.api.get(kind, self.name, name)

    def list(self, kind):
        return self.api.list(kind, self.name)

    def children(self, kind, name="demo"):
        """Returns the children of the Experiment ``name`` of one kind, its Jobs' pods too."""
        selector = f"{GROUP}/experiment={name}"
        return self.api.list(kind, self.name, labelSelector=selector)

    def status(self, name="demo"):
        found = self.get("Experiment", name)
        return {} if found is None else found.get("status", {})

    def condition(self, kind, name="demo"):
        found = {each["type"]: each for each in self.status(name).get("conditions", ())}
        return found.get(kind, {"status": "Unknown", "reason": ""})

    def delete(self, name="demo"):
        """Deletes the Experiment; returns how many seconds it took until it was gone."""
        began = time.monotonic()
        self.api.delete("Experiment", self.name, name)
        self.until(lambda: self.get("Experiment", name) is None, 30, f"{name} gone")
        return time.monotonic() - began

    def until(self, test, seconds, what):
        """Waits until ``test`` returns something true, and returns that."""
        end = time.monotonic() + seconds
        while True:
            if found := test():
                return found
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds} s: {what}; {self.told()}")
            time.sleep(0.25)

    def reached(self, phases, seconds, name="demo"):
        """Waits until the Experiment is in one of ``phases``; returns its status."""
        wanted = {phases} if isinstance(phases, str) else set(phases)

        def look():
            found = self.status(name)
            return found if found.get("phase") in wanted else None

        return self.until(look, seconds, f"{name} in {sorted(wanted)}")

    def told(self):
        """Returns what a person would look at when something went wrong."""
        lines = []
        for each in self.list("Experiment"):
            found = each.get("status", {})
            words = [found.get(key) for key in ("phase", "reason", "message")]
            lines.append(f"{each['metadata']['name']}: {words}")
        for pod in self.list("Pod"):
            shown = pod["status"].get("phase")
            lines.append(f"pod {pod['metadata']['name']}: {shown}")
        return "; ".join(lines)
