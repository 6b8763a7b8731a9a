"""The cluster itself fails under a run: its API server, the way between its regions, a node.

Each fault is made by the command of ``CLUSTER_FAULTS`` (see ``faults``); without it these are
skipped. That a lost node ends its run is proven everywhere, by ``test_lost_node``.
"""

import time

import pytest

from cluster import faults as cluster_faults
from cluster import shell, space

pytestmark = pytest.mark.disruptive
FINAL = {"Complete", "Failed"}
REGION = "topology.kubernetes.io/region"
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


def test_regions_that_part_and_meet_again_end_only_what_must_not_be_restarted(
    room, make_operator, images, faults
):
    """The same run twice over two regions: one may be restarted and waits, one may not."""
    near, far = regions()
    placed = {"groups": {"venue": {"region": near}, "pipeline": {"region": far}}}
    jobs, pods = room.witness("Job"), room.witness("Pod")
    make_operator(images).start().wait_ready()
    room.create(space.experiment("waits", seconds=110, cluster=placed, restart="onFailure"))
    room.create(space.experiment("ends", seconds=110, cluster=placed))
    for name in ("waits", "ends"):
        room.reached("Running", 120, name)
        room.until(lambda name=name: all_ready(room, name), 90, f"all pods of {name} ready")
    conductors = {name: conductor_node(room, name) for name in ("waits", "ends")}
    faults.begin("part")
    room.until(lambda: room.status("waits").get("reason") == "NodeLost", 120, "NodeLost said")
    lost = cluster_faults.unready()
    assert any(node in room.status("waits")["message"] for node in lost), room.told()
    faults.end()

    ended = room.reached(FINAL, 120, "ends")
    # Where the Conductor itself was out of reach, its own words are the first that come.
    reason = "ComponentFailed" if conductors["ends"] in lost else "NodeLost"
    assert (ended["phase"], ended["reason"]) == ("Failed", reason), ended

    waited = room.reached(FINAL, 150, "waits")
    assert waited["phase"] == "Complete", waited
    assert waited["digest"]["book"]["equal"] == waited["digest"]["book"]["compared"] > 0
    assert len(jobs.seen) == 2
    assert len(pods.seen) == 6, pods.names()


def all_ready(room, name):
    """Says whether every unit serves: only then is it seen at once that a node falls silent."""
    pods = [
        each
        for each in room.children("Pod", name)
        if f"{space.GROUP}/group" in each["metadata"]["labels"]
    ]
    return len(pods) == 2 and all(
        each["status"] == "True"
        for pod in pods
        for each in pod["status"].get("conditions", ())
        if each["type"] == "Ready"
    )


def regions():
    """Returns two regions whose nodes take pods."""
    found = {node["metadata"]["labels"].get(REGION) for node in cluster_faults.nodes().values()} - {
        None
    }
    if len(found) < 2:
        pytest.skip(f"the nodes of this cluster are in fewer than two regions (label {REGION})")
    return sorted(found)[:2]


def conductor_node(room, name):
    """Returns the node of the Conductor's pod."""
    [pod] = [
        each
        for each in room.children("Pod", name)
        if f"{space.GROUP}/group" not in each["metadata"]["labels"]
    ]
    return pod["spec"]["nodeName"]


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
