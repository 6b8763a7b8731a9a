"""A node that is lost under a run, made of a Node that nobody answers for: any cluster will do.

The test plays the kubelet until the run runs, then falls silent. What follows is done by the
cluster itself: its controller of nodes misses the heartbeat, and gives the node's pods up.
"""

import pytest

from cluster import api as apis
from cluster import space

FINAL = {"Complete", "Failed"}
REGION = "topology.kubernetes.io/region"
TAINT = {"key": f"{space.GROUP}/tests", "effect": "NoSchedule"}
SIZE = {"cpu": "8", "memory": "16Gi", "ephemeral-storage": "100Gi", "pods": "20"}
MERGE = "application/merge-patch+json"


class Node:
    """A node of the API alone, in a region of its own, that no other pod is put on."""

    def __init__(self, api, name):
        self.api = api
        self.name = name
        metadata = {"name": name, "labels": {REGION: name, "kubernetes.io/hostname": name}}
        api.create({"kind": "Node", "metadata": metadata, "spec": {"taints": [TAINT]}})
        ready = {"type": "Ready", "status": "True", "reason": "Tests", "message": "in a test"}
        path = f"{apis.PATHS['Node'].path(None, name)}/status"
        status = {"conditions": [ready], "capacity": SIZE, "allocatable": SIZE}
        api.call("PATCH", path, {"status": status}, MERGE)

    def run(self, pod):
        """Says of ``pod`` what a kubelet says when all its containers run and are ready."""
        metadata = pod["metadata"]
        containers = [
            {
                "name": each["name"],
                "image": each["image"],
                "imageID": "",
                "ready": True,
                "started": True,
                "restartCount": 0,
                "state": {"running": {"startedAt": metadata["creationTimestamp"]}},
            }
            for each in pod["spec"]["containers"]
        ]
        kinds = ("PodScheduled", "Initialized", "ContainersReady", "Ready")
        conditions = [{"type": each, "status": "True"} for each in kinds]
        status = {"phase": "Running", "conditions": conditions, "containerStatuses": containers}
        path = f"{apis.PATHS['Pod'].path(metadata['namespace'], metadata['name'])}/status"
        self.api.call("PATCH", path, {"status": status}, MERGE)

    def end(self):
        self.api.delete("Node", None, self.name)


@pytest.fixture
def lost_node(api, room):
    try:
        made = Node(api, room.name)
    except apis.RefusedError as error:
        if error.status == 403:
            pytest.skip("the account of KUBECONFIG may make no nodes")
        raise
    yield made
    for pod in room.list("Pod"):
        if pod["spec"].get("nodeName") == made.name:
            api.delete("Pod", room.name, pod["metadata"]["name"], gracePeriodSeconds=0)
    made.end()


def test_a_node_that_falls_silent_ends_the_run_as_node_lost(room, operator, lost_node):
    bears = [{"key": TAINT["key"], "operator": "Exists"}]
    placed = {"groups": {"venue": {"region": lost_node.name, "tolerations": bears}}}
    jobs = room.witness("Job")
    room.create(space.experiment("demo", seconds=900, cluster=placed))

    def mine():
        pods = [each for each in room.list("Pod") if each["spec"].get("nodeName") == room.name]
        return pods[0] if pods else None

    lost_node.run(room.until(mine, 60, "a pod on the node"))
    room.reached("Running", 60)
    room.until(lambda: room.status().get("reason") == "NodeLost", 150, "NodeLost said")
    assert room.status()["phase"] == "Running"
    assert f"its node {lost_node.name} does not answer" in room.status()["message"]
    status = room.reached(FINAL, 150)
    assert (status["phase"], status["reason"]) == ("Failed", "NodeLost")
    assert lost_node.name in status["message"]
    assert room.condition("Complete")["status"] == "False"
    assert len(jobs.seen) == 1
    assert room.delete() < 2
