import model_cluster
from tickwork_operator import decide, reasons
from tickwork_operator.objects import names


def test_quota_is_said_and_the_run_goes_on_when_there_is_room() -> None:
    cluster = model_cluster.Cluster(model_cluster.experiment())
    cluster.refusals["Pod"] = "QuotaExceeded"
    cluster.settle()
    assert cluster.status["reason"] == reasons.QUOTA_EXCEEDED
    assert cluster.condition("Scheduled")["reason"] == reasons.QUOTA_EXCEEDED
    cluster.refusals.clear()
    cluster.run_until_running()
    assert (cluster.phase, cluster.status["reason"]) == ("Running", "")


def test_quota_that_stops_the_conductors_pod_is_seen_through_its_event() -> None:
    cluster = model_cluster.Cluster(model_cluster.experiment())
    cluster.settle()
    job = cluster.job()
    assert job is not None
    [pod] = cluster.pods(names.CONDUCTOR)
    del cluster.children["Pod", pod["metadata"]["name"]]
    text = "Error creating: pods is forbidden: exceeded quota: few"
    name = job["metadata"]["name"]
    cluster.warnings.append(decide.Refusal("Job", name, "FailedCreate", text, cluster.now))
    cluster.settle()
    assert cluster.status["reason"] == reasons.QUOTA_EXCEEDED


def test_an_object_that_the_api_server_calls_invalid_is_the_specs_fault() -> None:
    cluster = model_cluster.Cluster(model_cluster.experiment())
    cluster.refusals["Pod"] = "Invalid"
    cluster.settle()
    assert (cluster.phase, cluster.status["reason"]) == ("Failed", reasons.INVALID_SPEC)


def test_a_pod_that_finds_no_node_is_said_with_the_schedulers_words() -> None:
    cluster = model_cluster.Cluster(model_cluster.experiment())
    cluster.settle()
    [pod] = cluster.pods("venue")
    model_cluster.set_condition(
        pod,
        "PodScheduled",
        status="False",
        reason="Unschedulable",
        message="0/2 nodes are available: 2 Insufficient cpu.",
    )
    cluster.settle()
    assert cluster.status["reason"] == reasons.UNSCHEDULABLE
    assert "Insufficient cpu" in cluster.condition("Scheduled")["message"]


def test_a_node_that_is_lost() -> None:
    cluster = model_cluster.running()
    [pod] = cluster.pods(names.CONDUCTOR)
    pod["metadata"]["deletionTimestamp"] = "2027-01-15T08:00:00Z"
    model_cluster.set_condition(pod, "DisruptionTarget", reason="DeletionByTaintManager")
    cluster.settle()
    assert (cluster.phase, cluster.status["reason"]) == ("Failed", reasons.NODE_LOST)


def test_an_evicted_pod() -> None:
    cluster = model_cluster.running()
    [pod] = cluster.pods("venue")
    pod["status"] |= {"phase": "Failed", "reason": "Evicted", "message": "low on memory"}
    cluster.settle()
    cluster.end_conductor(6)
    cluster.settle()
    assert cluster.status["reason"] == reasons.EVICTED
    assert "low on memory" in cluster.status["message"]


def test_a_second_attempt_waits_until_the_first_is_gone() -> None:
    cluster = model_cluster.running()
    lingering = dict(cluster.children)
    cluster.experiment["spec"]["suspend"] = True
    cluster.settle()
    cluster.experiment["spec"]["suspend"] = False
    [key] = [
        key
        for key in lingering
        if key == ("Pod", cluster.status["run"].replace("demo-", "demo-venue-"))
    ]
    lingering[key]["metadata"]["deletionTimestamp"] = "2027-01-15T08:00:00Z"
    cluster.children[key] = lingering[key]
    assert cluster.look().apply == ()
    assert cluster.look().delete == (key,)
    del cluster.children[key]
    cluster.settle()
    assert cluster.job() is not None
