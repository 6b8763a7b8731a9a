"""Faults of the cluster itself, made by a command of whoever owns it: the variable CLUSTER_FAULTS.

The command is given one verb, returns 0 when it is done, and may be called where nothing is to do:

``part``, ``heal``
    no packet passes between the regions (``topology.kubernetes.io/region``) any more; ends that
``stop-api``, ``start-api``
    ends the API server, all of it; starts it again, with the state that it had
``stop-node NODE``, ``start-node NODE``
    takes the node from the API server: its kubelet, its network, or all of it; brings it back
"""

import json
import os
import shlex

from cluster import shell

VARIABLE = "CLUSTER_FAULTS"
ENDS = {"part": "heal", "stop-api": "start-api", "stop-node": "start-node"}
ABSENT = (
    f"{VARIABLE} is not set: it names the command that parts, stops and heals this cluster "
    "(tests/cluster/faults.py)"
)


class Faults:
    """What was done to the cluster, and how that is ended."""

    def __init__(self):
        self._command = shlex.split(os.environ[VARIABLE])
        self._begun = []

    def begin(self, verb, *names):
        self._begun.append((ENDS[verb], *names))
        shell.run(*self._command, verb, *names)

    def end(self):
        """Ends every fault, and waits until the cluster is whole again."""
        while self._begun:
            shell.run(*self._command, *self._begun.pop())
        shell.wait("the API server answers again", shell.answers, 120)
        shell.wait("every node is ready again", is_whole, 180)


def nodes():
    """Returns the nodes that take pods, by their names."""
    return {
        each["metadata"]["name"]: each
        for each in shell.get("nodes")["items"]
        if not any(taint["effect"] == "NoSchedule" for taint in each["spec"].get("taints", ()))
    }


def unready():
    """Returns the names of the nodes that do not answer."""
    return [each["metadata"]["name"] for each in shell.get("nodes")["items"] if not is_ready(each)]


def is_whole():
    """Says whether all nodes answer; False too where the API server, just back, does not."""
    told = shell.attempt("kubectl", "get", "nodes", "-o", "json", seconds=60)
    return told.returncode == 0 and all(map(is_ready, json.loads(told.stdout)["items"]))


def is_ready(node):
    conditions = {each["type"]: each["status"] for each in node["status"].get("conditions", ())}
    return conditions.get("Ready") == "True"
