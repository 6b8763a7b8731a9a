import json

import model_cluster
import pytest
from tickwork_operator import reasons
from tickwork_operator.objects import names


def test_a_finished_run_keeps_its_job_plan_and_walls_until_their_time() -> None:
    cluster = model_cluster.running(ttlAfterFinished={"completeSeconds": 100})
    cluster.end_conductor(0, json.dumps(model_cluster.DIGEST))
    cluster.settle()
    assert cluster.kinds() == {"Job", "Pod", "ConfigMap", "NetworkPolicy", "ServiceAccount"}
    assert len(cluster.pods()) == 1
    cluster.wait(100)
    assert cluster.children == {}
    assert cluster.phase == "Complete"
    assert not cluster.status["results"]["available"]


@pytest.mark.parametrize(
    ("keep", "code", "left"),
    [
        ("never", 1, 0),
        ("onFailure", 0, 0),
        ("onFailure", 1, 2),
        ("always", 0, 2),
    ],
)
def test_pods_are_kept_as_asked(keep: str, code: int, left: int) -> None:
    cluster = model_cluster.running(keepPods=keep)
    cluster.end_conductor(code)
    cluster.settle()
    assert len(cluster.pods("venue")) + len(cluster.pods("pipeline")) == left


def test_results_say_how_to_fetch_them_and_until_when() -> None:
    cluster = model_cluster.running()
    [pod] = cluster.pods(names.CONDUCTOR)
    model_cluster.set_container(pod, names.KEEPER, state={"running": {}})
    cluster.end_conductor(0, json.dumps(model_cluster.DIGEST))
    cluster.settle()
    results = cluster.status["results"]
    assert results["fetch"] == "tickwork fetch demo -n lab"
    assert results["available"]
    model_cluster.set_container(pod, names.KEEPER, state={"terminated": {"exitCode": 0}})
    cluster.settle()
    assert not cluster.status["results"]["available"]
    assert cluster.phase == "Complete"


def test_what_a_killed_conductor_had_gathered_is_said_to_be_there() -> None:
    cluster = model_cluster.running(sink={"kind": "job", "keepSeconds": 600})
    [pod] = cluster.pods(names.CONDUCTOR)
    model_cluster.set_container(pod, names.KEEPER, state={"running": {}})
    cluster.end_conductor(137, reason="OOMKilled")
    cluster.settle()
    assert (cluster.phase, cluster.status["reason"]) == ("Failed", reasons.OOM_KILLED)
    assert cluster.truth("Collected") == "False"
    told = cluster.condition("Collected")["message"]
    assert told.endswith("is kept for 600 s: tickwork fetch demo -n lab")
    assert cluster.status["results"]["available"]
    model_cluster.set_container(pod, names.KEEPER, state={"terminated": {"exitCode": 0}})
    cluster.settle()
    assert not cluster.status["results"]["available"]


def test_nothing_is_promised_of_a_conductor_that_never_began() -> None:
    cluster = model_cluster.Cluster(model_cluster.experiment())
    cluster.settle()
    cluster.start_pods()
    [pod] = cluster.pods(names.CONDUCTOR)
    model_cluster.set_container(pod, names.KEEPER, state={"running": {}})
    cluster.end_conductor(2)
    cluster.settle()
    assert cluster.phase == "Failed"
    assert "fetch" not in cluster.condition("Collected")["message"]
    assert not cluster.status["results"]["available"]


def test_nothing_is_promised_where_nobody_keeps_it() -> None:
    cluster = model_cluster.running()
    [pod] = cluster.pods(names.CONDUCTOR)
    model_cluster.set_container(pod, names.KEEPER, state={"terminated": {"exitCode": 1}})
    cluster.end_conductor(137, reason="OOMKilled")
    cluster.settle()
    assert "fetch" not in cluster.condition("Collected")["message"]
    assert not cluster.status["results"]["available"]


def test_a_sink_that_cannot_be_written_keeps_the_pods_for_a_while() -> None:
    cluster = model_cluster.running(sink={"kind": "job", "keepSeconds": 600})
    digest = {"collected": False, "failure": {"text": "no space left on device"}}
    cluster.end_conductor(0, json.dumps(digest))
    cluster.settle()
    assert cluster.status["reason"] == reasons.SINK_UNAVAILABLE
    assert (cluster.truth("Collected"), cluster.truth("Complete")) == ("False", "False")
    assert len(cluster.pods("pipeline")) == 1
    told = cluster.condition("Collected")["message"]
    assert "no space left on device" in told
    assert "for 600 s" in told
    assert f"-l tickwork.dev/run={cluster.status['run']}," in told
    cluster.wait(600)
    assert cluster.pods("pipeline") == []
