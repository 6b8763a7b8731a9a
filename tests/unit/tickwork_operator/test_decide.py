import json

import model_cluster
import pytest
from tickwork_operator import decide, reasons
from tickwork_operator.objects import names

DIGEST = {
    "status": "complete",
    "exitCode": 0,
    "verdict": "every book equal",
    "book": {"compared": 10, "equal": 10},
    "questions": [{"name": "endToEnd", "n": 9, "p50Ns": 21_400, "p99Ns": 180_000}],
    "skewNs": 412_000,
    "startUnixNs": 1_800_000_003_000_000_123,
}


def running(**cluster: object) -> model_cluster.Cluster:
    made = model_cluster.Cluster(model_cluster.experiment(**cluster))
    made.run_until_running()
    assert made.phase == "Running"
    return made


def fail_unit(cluster: model_cluster.Cluster, unit: str, **ended: object) -> None:
    [pod] = cluster.pods("pipeline")
    state = {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": "a", **ended}}
    model_cluster.set_container(pod, unit, state=state, started=False)


# -- the way of a good run -------------------------------------------------------------------------


def test_objects_are_made_in_order_and_only_once() -> None:
    cluster = model_cluster.Cluster(model_cluster.experiment())
    kinds = [body["kind"] for body in cluster.look().apply]
    assert kinds[0] == "ConfigMap"
    assert kinds[-3:] == ["Pod", "Pod", "Job"]
    cluster.settle()
    assert set(cluster.made.values()) == {1}
    assert cluster.look().apply == ()
    assert cluster.phase == "Starting"


def test_a_good_run_goes_through_its_phases_to_complete() -> None:
    cluster = model_cluster.Cluster(model_cluster.experiment())
    cluster.run_until_running()
    cluster.tell_progress("collecting", startUnixNs=DIGEST["startUnixNs"])
    cluster.settle()
    assert cluster.phase == "Collecting"
    cluster.end_conductor(0, json.dumps(DIGEST))
    cluster.settle()
    said = [event.reason for event in cluster.events]
    assert said == ["Planned", "Starting", "Running", "Collecting", "Complete"]
    status = cluster.status
    assert (status["phase"], status["p50"], status["p99"]) == ("Complete", "21.4µs", "180µs")
    assert status["digest"] == DIGEST
    assert status["plannedStart"] == "2027-01-15T08:00:03.000000123Z"
    assert (status["skewNs"], status["kind"], status["units"]) == (412_000, "pipeline", 7)
    assert status["message"] == "every book equal"
    assert cluster.truth("Collected") == cluster.truth("Complete") == "True"
    assert cluster.truth("Running") == cluster.truth("Failed") == "False"


def test_results_say_how_to_fetch_them_and_until_when() -> None:
    cluster = running()
    [pod] = cluster.pods(names.CONDUCTOR)
    model_cluster.set_container(pod, names.KEEPER, state={"running": {}})
    cluster.end_conductor(0, json.dumps(DIGEST))
    cluster.settle()
    results = cluster.status["results"]
    assert results["fetch"] == "tickwork fetch demo -n lab"
    assert results["available"]
    model_cluster.set_container(pod, names.KEEPER, state={"terminated": {"exitCode": 0}})
    cluster.settle()
    assert not cluster.status["results"]["available"]
    assert cluster.phase == "Complete"


def test_every_condition_carries_the_generation_it_speaks_of() -> None:
    cluster = running()
    cluster.experiment["metadata"]["generation"] = 5
    cluster.settle()
    assert {each["observedGeneration"] for each in cluster.status["conditions"]} == {5}


def test_without_progress_readiness_says_that_it_runs() -> None:
    cluster = model_cluster.Cluster(model_cluster.experiment())
    cluster.settle()
    cluster.start_pods()
    cluster.settle()
    assert cluster.phase == "Starting"
    for pod in cluster.pods():
        for each in pod["status"]["containerStatuses"]:
            each["ready"] = True
    cluster.settle()
    assert cluster.phase == "Running"


def test_nothing_is_removed_or_failed_while_the_experiment_is_being_deleted() -> None:
    cluster = running()
    cluster.experiment["metadata"]["deletionTimestamp"] = "2027-01-15T08:00:00Z"
    cluster.children.clear()
    decision = cluster.look()
    assert (decision.apply, decision.delete, decision.events) == ((), (), ())


# -- how it fails ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "reason", "collected"),
    [
        (3, reasons.PROOF_UNEQUAL, "True"),
        (4, reasons.NOTHING_PROVEN, "True"),
        (1, reasons.COMPONENT_FAILED, "False"),
        (130, reasons.INTERRUPTED, "False"),
    ],
)
def test_exit_codes_of_the_conductor(code: int, reason: str, collected: str) -> None:
    cluster = running()
    cluster.end_conductor(code, "no digest\nlast words")
    cluster.settle()
    assert cluster.phase == "Failed"
    assert cluster.condition("Failed")["reason"] == cluster.status["reason"] == reason
    assert cluster.truth("Collected") == collected


def test_a_unit_that_died_is_named_once_the_conductor_has_concluded() -> None:
    cluster = running()
    fail_unit(cluster, "publisher", message='{"event": "ready"}\nTraceback: no room\n')
    cluster.settle()
    assert cluster.phase == "Running"
    assert cluster.truth("Failed") == "Unknown"
    assert cluster.status["reason"] == reasons.COMPONENT_FAILED
    cluster.end_conductor(6, json.dumps({"exitCode": 6, "collected": True}))
    cluster.settle()
    assert cluster.condition("Failed")["message"] == (
        "pipeline/publisher ended with exit code 1; its last line: Traceback: no room"
    )
    assert cluster.truth("Collected") == "True"


def test_a_conductor_that_does_not_conclude_is_ended() -> None:
    cluster = running()
    fail_unit(cluster, "book", exitCode=137, reason="OOMKilled")
    cluster.settle()
    cluster.wait(decide.CONCLUDE_SECONDS - 1)
    assert cluster.phase == "Running"
    cluster.wait(1)
    assert (cluster.phase, cluster.status["reason"]) == ("Failed", reasons.OOM_KILLED)
    assert cluster.job() is None
    assert cluster.pods() == []


def test_a_unit_that_dies_before_the_run_fails_it_at_once() -> None:
    cluster = model_cluster.Cluster(model_cluster.experiment())
    cluster.settle()
    cluster.start_pods()
    fail_unit(cluster, "book", exitCode=137, reason="OOMKilled")
    cluster.settle()
    assert (cluster.phase, cluster.status["reason"]) == ("Failed", reasons.OOM_KILLED)


def test_an_image_that_does_not_exist_is_said_at_once_and_fails_at_the_deadline() -> None:
    cluster = model_cluster.Cluster(model_cluster.experiment(startDeadlineSeconds=20))
    cluster.settle()
    [pod] = cluster.pods("venue")
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
    model_cluster.set_container(pod, "twin", state=waiting)
    cluster.settle()
    assert cluster.phase == "Starting"
    assert cluster.status["reason"] == reasons.IMAGE_PULL_FAILED
    assert cluster.condition("Ready")["reason"] == reasons.IMAGE_PULL_FAILED
    cluster.wait(20)
    assert cluster.phase == "Failed"
    assert cluster.status["reason"] == reasons.IMAGE_PULL_FAILED
    assert "not running within 20 s" in cluster.status["message"]


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


@pytest.mark.parametrize("kind", ["Pod", "Job"])
def test_what_somebody_deletes_fails_the_run_and_is_never_made_again(kind: str) -> None:
    cluster = running()
    key = next(key for key in cluster.children if key[0] == kind)
    cluster.delete(key)
    for _ in range(3):
        cluster.wait(60)
    assert (cluster.phase, cluster.status["reason"]) == ("Failed", reasons.CHILD_DELETED)
    assert cluster.made[key] == 1


def test_a_job_deleted_while_the_operator_was_away_is_not_made_again() -> None:
    cluster = model_cluster.Cluster(model_cluster.experiment())
    writes = len(cluster.look().apply) + 1
    cluster.crash_after = writes
    cluster.settle()
    job = cluster.job()
    assert job is not None
    assert cluster.truth("Scheduled") == "Unknown"
    cluster.tell_progress("connecting")
    cluster.delete(("Job", job["metadata"]["name"]))
    cluster.settle()
    assert cluster.status["reason"] == reasons.CHILD_DELETED
    assert cluster.job() is None


def test_a_service_that_somebody_deletes_is_made_again() -> None:
    cluster = running()
    key = next(key for key in cluster.children if key[0] == "Service")
    cluster.delete(key)
    cluster.settle()
    assert cluster.made[key] == 2
    assert cluster.phase == "Running"


def test_a_node_that_is_lost() -> None:
    cluster = running()
    [pod] = cluster.pods(names.CONDUCTOR)
    pod["metadata"]["deletionTimestamp"] = "2027-01-15T08:00:00Z"
    model_cluster.set_condition(pod, "DisruptionTarget", reason="DeletionByTaintManager")
    cluster.settle()
    assert (cluster.phase, cluster.status["reason"]) == ("Failed", reasons.NODE_LOST)


def test_an_evicted_pod() -> None:
    cluster = running()
    [pod] = cluster.pods("venue")
    pod["status"] |= {"phase": "Failed", "reason": "Evicted", "message": "low on memory"}
    cluster.settle()
    cluster.end_conductor(6)
    cluster.settle()
    assert cluster.status["reason"] == reasons.EVICTED
    assert "low on memory" in cluster.status["message"]


def test_a_conductor_that_runs_for_ever_meets_the_deadline() -> None:
    cluster = running(activeDeadlineSeconds=40)
    cluster.wait(39)
    assert cluster.phase == "Running"
    assert cluster.next_deadline is not None
    cluster.wait(1)
    assert (cluster.phase, cluster.status["reason"]) == ("Failed", reasons.DEADLINE_EXCEEDED)
    assert cluster.job() is None


def test_the_jobs_own_deadline_counts_when_no_operator_was_there() -> None:
    cluster = running()
    job = cluster.job()
    assert job is not None
    cluster.children = {key: each for key, each in cluster.children.items() if key[0] != "Pod"}
    model_cluster.set_condition(job, "Failed", reason="DeadlineExceeded", message="too long")
    cluster.settle()
    assert cluster.phase == "Failed"
    assert cluster.status["reason"] in {reasons.DEADLINE_EXCEEDED, reasons.CHILD_DELETED}


def test_a_sink_that_cannot_be_written_keeps_the_pods_for_a_while() -> None:
    cluster = running(sink={"kind": "job", "keepSeconds": 600})
    digest = {"collected": False, "failure": {"text": "no space left on device"}}
    cluster.end_conductor(0, json.dumps(digest))
    cluster.settle()
    assert cluster.status["reason"] == reasons.SINK_UNAVAILABLE
    assert (cluster.truth("Collected"), cluster.truth("Complete")) == ("False", "False")
    assert len(cluster.pods("pipeline")) == 1
    cluster.wait(600)
    assert cluster.pods("pipeline") == []


def test_a_spec_with_mistakes_fails_with_all_of_them() -> None:
    body = model_cluster.experiment()
    body["spec"]["pipeline"]["placement"] = "sideways"
    body["spec"]["cluster"] = {"keepPods": "often"}
    cluster = model_cluster.Cluster(body)
    cluster.settle()
    assert (cluster.phase, cluster.status["reason"]) == ("Failed", reasons.INVALID_SPEC)
    assert "pipeline.placement" in cluster.status["message"]
    assert "cluster.keepPods" in cluster.status["message"]
    assert cluster.children == {}


def test_an_older_operator_that_meets_a_newer_spec_says_so_but_ends_no_run() -> None:
    cluster = running()
    cluster.experiment["spec"]["fieldOfTomorrow"] = True
    cluster.settle()
    assert cluster.phase == "Running"
    fresh = model_cluster.experiment()
    fresh["spec"]["fieldOfTomorrow"] = True
    other = model_cluster.Cluster(fresh)
    other.settle()
    assert other.status["reason"] == reasons.INVALID_SPEC
    assert "fieldOfTomorrow" in other.status["message"]


# -- suspension ------------------------------------------------------------------------------------


def test_a_suspended_experiment_has_no_objects_until_it_is_resumed() -> None:
    body = model_cluster.experiment()
    body["spec"]["suspend"] = True
    cluster = model_cluster.Cluster(body)
    cluster.settle()
    assert (cluster.phase, cluster.children) == ("Suspended", {})
    body["spec"]["suspend"] = False
    cluster.run_until_running()
    assert (cluster.phase, cluster.status["attempt"]) == ("Running", 1)


def test_a_run_that_is_suspended_is_taken_away_and_begun_anew() -> None:
    cluster = running()
    first = cluster.status["run"]
    cluster.experiment["spec"]["suspend"] = True
    cluster.settle()
    assert (cluster.phase, cluster.children) == ("Suspended", {})
    assert cluster.truth("Running") == "False"
    cluster.experiment["spec"]["suspend"] = False
    cluster.settle()
    assert (cluster.status["attempt"], cluster.status["run"]) == (2, f"{first}-2")
    assert cluster.phase == "Starting"
    assert set(cluster.made.values()) == {1}


def test_a_second_attempt_waits_until_the_first_is_gone() -> None:
    cluster = running()
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


def test_suspending_a_run_that_is_over_changes_nothing() -> None:
    cluster = running()
    cluster.end_conductor(0)
    cluster.experiment["spec"]["suspend"] = True
    cluster.settle()
    assert cluster.phase == "Complete"


# -- providers -------------------------------------------------------------------------------------


def ready_provider() -> model_cluster.Cluster:
    cluster = model_cluster.Cluster(model_cluster.provider())
    cluster.settle()
    cluster.start_pods()
    for pod in cluster.pods():
        for each in pod["status"]["containerStatuses"]:
            each["ready"] = True
    cluster.settle()
    return cluster


def test_a_provider_has_deployments_and_no_conductor() -> None:
    cluster = ready_provider()
    assert cluster.phase == "Running"
    assert {"Deployment"} == cluster.kinds() & {"Deployment", "Job"}
    assert cluster.next_deadline is None


def test_a_restarted_container_of_a_provider_is_said_in_a_condition() -> None:
    cluster = ready_provider()
    [pod] = cluster.pods("pipeline")
    model_cluster.set_container(
        pod,
        "publisher",
        restartCount=2,
        lastState={"terminated": {"reason": "OOMKilled", "exitCode": 137}},
    )
    cluster.settle()
    ready = cluster.condition("Ready")
    assert (ready["status"], ready["reason"]) == ("True", "Restarted")
    assert "pipeline/publisher was restarted 2 time(s)" in ready["message"]
    assert "OOMKilled" in ready["message"]
    assert cluster.phase == "Running"
    assert cluster.events[-1].reason == "Restarted"


def test_a_deployment_that_somebody_deletes_is_made_again() -> None:
    cluster = ready_provider()
    key = next(key for key in cluster.children if key[0] == "Deployment")
    cluster.delete(key)
    cluster.settle()
    assert cluster.made[key] == 2
    assert cluster.phase == "Running"


def test_a_provider_that_never_serves_fails_at_the_start_deadline() -> None:
    cluster = model_cluster.Cluster(model_cluster.provider(startDeadlineSeconds=5))
    cluster.settle()
    cluster.wait(5)
    assert (cluster.phase, cluster.status["reason"]) == ("Failed", reasons.DEADLINE_EXCEEDED)
    assert "Deployment" not in cluster.kinds()


# -- what remains ----------------------------------------------------------------------------------


def test_a_finished_run_keeps_its_job_plan_and_walls_until_their_time() -> None:
    cluster = running(ttlAfterFinished={"completeSeconds": 100})
    cluster.end_conductor(0, json.dumps(DIGEST))
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
    cluster = running(keepPods=keep)
    cluster.end_conductor(code)
    cluster.settle()
    assert len(cluster.pods("venue")) + len(cluster.pods("pipeline")) == left


def test_a_clock_that_is_set_back_gives_a_run_no_more_than_its_deadline() -> None:
    cluster = model_cluster.Cluster(model_cluster.experiment(startDeadlineSeconds=60))
    cluster.settle()
    cluster.wait(-3600)
    cluster.wait(60)
    assert cluster.status["reason"] == reasons.DEADLINE_EXCEEDED
