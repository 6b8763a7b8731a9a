"""What the operator takes: many Experiments at once, none of them doing anything, a big deletion.

The part ``operator`` of ``cluster_numbers``; tests/cluster/test_limits.py has the same limits.
"""

import datetime
import time
from collections.abc import Callable, Iterator
from typing import Any

from cluster import api, limits, space

SETTLE_SECONDS = 30
IDLE_SECONDS = 60
LOOK_SECONDS = 0.2
WAIT_SECONDS_MAX = 300


class Load:
    """The work that is put on the operator of one namespace."""

    def __init__(self, server: api.Api, namespace: str) -> None:
        self._api = server
        self._namespace = namespace

    def crowd(self) -> float:
        """Makes suspended Experiments; returns seconds from the first until all are told."""
        began = time.monotonic()
        for number in range(limits.CROWD):
            self._create(space.experiment(f"crowd-{number}", suspend=True))
        _wait("all are Suspended", lambda: self._phases().count("Suspended") == limits.CROWD)
        return time.monotonic() - began

    def clear(self) -> None:
        """Deletes every Experiment of the namespace and waits until none is left."""
        self._api.call("DELETE", self._path("Experiment"))
        _wait("no Experiment is left", lambda: not self._phases())

    def deletion(self) -> tuple[int, float]:
        """Deletes an Experiment with many children; returns their count, and seconds to its end."""
        arms = [{"name": f"arm-{number}"} for number in range(limits.ARMS)]
        self._create(space.experiment("big", seconds=60, arms=arms, cluster=space.NOWHERE))
        children = _wait(f"{limits.CHILDREN_MIN} children", self._children)
        began = time.monotonic()
        self._api.delete("Experiment", self._namespace, "big")
        _wait("it is gone", lambda: self._api.get("Experiment", self._namespace, "big") is None)
        took = time.monotonic() - began
        _wait("its pods are gone", lambda: not self._api.list("Pod", self._namespace, **OF_BIG))
        return children, took

    def operator_use(self) -> dict[str, int]:
        """Returns the newest counters of the operator's container, with their instant."""
        for node in self._api.list("Node", None):
            path = f"/api/v1/nodes/{node['metadata']['name']}/proxy/stats/summary"
            for pod in self._api.call("GET", path)["pods"]:
                named = pod["podRef"]["name"].startswith("tickwork-operator")
                if named and pod["podRef"]["namespace"] == self._namespace:
                    (held,) = pod["containers"]
                    at = datetime.datetime.fromisoformat(held["cpu"]["time"])
                    return {
                        "cpuNs": held["cpu"]["usageCoreNanoSeconds"],
                        "atNs": int(at.timestamp() * 1e9),
                        "rssBytes": held["memory"]["rssBytes"],
                    }
        raise SystemExit("cluster-numbers: no kubelet tells of the operator's pod")

    def _create(self, body: dict[str, Any]) -> None:
        body["metadata"]["namespace"] = self._namespace
        self._api.create(body)

    def _phases(self) -> list[str]:
        listed = self._api.list("Experiment", self._namespace)
        return [each.get("status", {}).get("phase", "") for each in listed]

    def _children(self) -> int:
        """Counts the children of the big one; 0 while they are too few."""
        kinds = [kind for kind in api.PATHS if kind in CHILDREN]
        found = sum(len(self._api.list(kind, self._namespace, **OF_BIG)) for kind in kinds)
        return found if found >= limits.CHILDREN_MIN else 0

    def _path(self, kind: str) -> str:
        path: str = api.PATHS[kind].path(self._namespace)
        return path


OF_BIG = {"labelSelector": f"{space.GROUP}/experiment=big"}
CHILDREN = ("Pod", "Job", "ConfigMap", "Service", "ServiceAccount", "Role", "RoleBinding")


def measure(server: api.Api, namespace: str) -> dict[str, Any]:
    """Puts the load on the operator of ``namespace``; returns what it took."""
    load = Load(server, namespace)
    crowd_seconds = load.crowd()
    time.sleep(SETTLE_SECONDS)
    before = load.operator_use()
    time.sleep(IDLE_SECONDS)
    after = load.operator_use()
    load.clear()
    children, deletion_seconds = load.deletion()
    return {
        "crowd": limits.CROWD,
        "crowdSeconds": round(crowd_seconds, 2),
        "idleShare": (after["cpuNs"] - before["cpuNs"]) / (after["atNs"] - before["atNs"]),
        "seconds": (after["atNs"] - before["atNs"]) / 1e9,
        "rssBytes": after["rssBytes"],
        "children": children,
        "deletionSeconds": round(deletion_seconds, 3),
    }


def rows(told: dict[str, Any]) -> Iterator[tuple[str, str, str, bool]]:
    """Yields what was measured: of what, how much, the limit, whether it holds."""
    crowd, share = told["crowd"], told["idleShare"]
    seconds, mib = told["crowdSeconds"], told["rssBytes"] / 2**20
    words = f"operator: {crowd} suspended Experiments, from the first one's creation"
    yield (
        words,
        f"{seconds:.1f} s",
        f"{limits.CROWD_SECONDS_MAX} s",
        seconds <= limits.CROWD_SECONDS_MAX,
    )
    words = f"operator: CPU, {crowd} Experiments at rest"
    told_share = f"{share:.2%} of a core over {told['seconds']:.0f} s"
    yield words, told_share, f"{limits.IDLE_SHARE_MAX:.0%}", share <= limits.IDLE_SHARE_MAX
    words = f"operator: RSS, {crowd} Experiments"
    yield words, f"{mib:.0f} MiB", f"{limits.MEMORY_MIB_MAX} MiB", mib <= limits.MEMORY_MIB_MAX
    took = told["deletionSeconds"]
    words = f"deletion of an Experiment with {told['children']} children"
    yield (
        words,
        f"{took:.2f} s",
        f"{limits.DELETION_SECONDS_MAX} s",
        took <= limits.DELETION_SECONDS_MAX,
    )


def _wait(what: str, told: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while not (found := told()):
        if time.monotonic() > deadline:
            raise SystemExit(f"cluster-numbers: not within {WAIT_SECONDS_MAX} s: {what}")
        time.sleep(LOOK_SECONDS)
    return found
