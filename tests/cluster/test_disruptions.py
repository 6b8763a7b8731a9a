"""The cluster itself fails under a run: its API server, a node.

Each fault is made by the command of ``CLUSTER_FAULTS`` (see ``faults``); without it these are
skipped. That a lost node ends its run is proven everywhere, by ``test_lost_node``.
"""

import time

import pytest

from cluster import faults as cluster_faults
from cluster import shell, space

pytestmark = pytest.mark.disruptive
FINAL = {"Complete", "Failed"}
# A node is missed after 50 s, its pods are given up 30 s later, the Conductor gets 45 s to write.
LOST_SECONDS = 50 + 30 + 45


def test_an_api_server_that_restarts_costs_no_run(room, operator, faults):
    """One run ends while there is no API server, one goes on over its absence."""
    jobs, pods = room.witness("Job"), room.witness("Pod")
    for name, seconds in (("demo", 30), ("brief", 6)):
        room.create(space.experiment(name, seconds=seconds))
    for name in ("demo", "brief"):
        room.reached({"Running", *FINAL}, 90, name)
    faults.begin("stop-api")
    shell.wait("no API server", lambda: not shell.answers(), 30)
    brief_is_over = time.monotonic() + 8

    def unharmed():
        assert operator.process.poll() is None, operator.tail()
        assert operator.ask("healthz") == "ok"
        return time.monotonic() > brief_is_over

    shell.wait("the end of the brief run", unharmed, 30)
    faults.end()
    for name in ("demo", "brief"):
        assert room.reached(FINAL, 120, name)["phase"] == "Complete", room.told()
    assert operator.process.poll() is None, operator.tail()
    assert len(jobs.seen) == 2
    assert len(pods.seen) == 6, pods.names()


def test_a_node_that_is_lost_ends_the_run_within_its_bound(room, operator, faults):
    node = max(cluster_faults.nodes())
    placed = {"groups": {"venue": {"nodeSelector": {"kubernetes.io/hostname": node}}}}
    jobs = room.witness("Job")
    room.create(space.experiment("demo", seconds=900, cluster=placed))
    room.reached("Running", 90)
    faults.begin("stop-node", node)
    room.until(lambda: room.status().get("reason") == "NodeLost", 120, "NodeLost said")
    assert node in room.status()["message"]
    status = room.reached(FINAL, LOST_SECONDS)
    assert (status["phase"], status["reason"]) == ("Failed", "NodeLost")
    assert node in status["message"]
    assert len(jobs.seen) == 1
    assert room.delete() < 2
    faults.end()
    room.until(lambda: not room.children("Pod"), 90, "the pods of the node that came back gone")
