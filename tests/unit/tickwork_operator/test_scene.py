import json

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


def test_a_second_attempt_waits_for_a_conductor_that_outlives_its_job() -> None:
    cluster = model_cluster.running()
    [pod] = cluster.pods(names.CONDUCTOR)
    cluster.experiment["spec"]["suspend"] = True
    cluster.settle()
    cluster.experiment["spec"]["suspend"] = False
    key = ("Pod", pod["metadata"]["name"])
    cluster.children[key] = pod
    cluster.settle()
    assert cluster.job() is None
    assert f"an earlier attempt's Pod {key[1]}" in cluster.condition("Scheduled")["message"]
    del cluster.children[key]
    cluster.settle()
    assert cluster.job() is not None


def test_a_second_attempt_that_waits_in_vain_says_for_what() -> None:
    cluster = model_cluster.running(startDeadlineSeconds=20)
    [pod] = cluster.pods(names.CONDUCTOR)
    cluster.experiment["spec"]["suspend"] = True
    cluster.settle()
    cluster.experiment["spec"]["suspend"] = False
    cluster.children["Pod", pod["metadata"]["name"]] = pod
    cluster.settle()
    cluster.wait(20)
    assert (cluster.phase, cluster.status["reason"]) == ("Failed", reasons.DEADLINE_EXCEEDED)
    waited = f"waits for the end of an earlier attempt's Pod {pod['metadata']['name']}"
    assert waited in cluster.status["message"]


def test_a_conductor_whose_job_was_deleted_has_no_last_word() -> None:
    cluster = model_cluster.running()
    cluster.end_conductor(0, json.dumps(model_cluster.DIGEST))
    [pod] = cluster.pods(names.CONDUCTOR)
    job = cluster.job()
    assert job is not None
    cluster.delete(("Job", job["metadata"]["name"]))
    cluster.children["Pod", pod["metadata"]["name"]] = pod
    cluster.settle()
    assert (cluster.phase, cluster.status["reason"]) == ("Failed", reasons.CHILD_DELETED)


def lose_sight_of_a_unit() -> model_cluster.Cluster:
    """The Conductor misses a unit whose container the cluster still calls running."""
    cluster = model_cluster.running()
    for pod in cluster.pods("pipeline"):
        for each in pod["status"]["containerStatuses"]:
            each["ready"] = True
    failure = {"unit": "pipeline/book", "text": "was silent for 15 s"}
    cluster.end_conductor(6, json.dumps({"collected": True, "failure": failure}))
    cluster.settle()
    assert cluster.phase == "Running"
    assert cluster.truth("Failed") == "Unknown"
    return cluster


def test_a_unit_that_fell_silent_is_a_lost_node_when_the_cluster_says_so() -> None:
    cluster = lose_sight_of_a_unit()
    cluster.wait(40)
    [pod] = cluster.pods("pipeline")
    model_cluster.set_condition(pod, "Ready", status="False")
    cluster.wait(1)
    assert (cluster.phase, cluster.status["reason"]) == ("Failed", reasons.NODE_LOST)
    assert "node-a does not answer" in cluster.status["message"]


def test_a_unit_that_fell_silent_on_a_good_node_failed_by_itself() -> None:
    cluster = lose_sight_of_a_unit()
    cluster.wait(decide.CONFIRM_SECONDS)
    assert (cluster.phase, cluster.status["reason"]) == ("Failed", reasons.COMPONENT_FAILED)
    assert cluster.status["message"] == "pipeline/book: was silent for 15 s"
    assert cluster.truth("Collected") == "True"
