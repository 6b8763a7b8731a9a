import json

import model_cluster
import pytest
from tickwork_operator import decide, reasons


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
    cluster.tell_progress("Analysing", startUnixNs=model_cluster.DIGEST["startUnixNs"])
    cluster.settle()
    assert cluster.phase == "Collecting"
    cluster.end_conductor(0, json.dumps(model_cluster.DIGEST))
    cluster.settle()
    said = [event.reason for event in cluster.events]
    assert said == ["Planned", "Starting", "Running", "Collecting", "Complete"]
    status = cluster.status
    assert (status["phase"], status["p50"], status["p99"]) == ("Complete", "21.4µs", "180µs")
    assert status["digest"] == model_cluster.DIGEST
    assert status["plannedStart"] == "2027-01-15T08:00:03.000000123Z"
    assert (status["skewNs"], status["kind"], status["units"]) == (412_000, "pipeline", 7)
    assert status["message"] == "every book equal"
    assert cluster.truth("Collected") == cluster.truth("Complete") == "True"
    assert cluster.truth("Running") == cluster.truth("Failed") == "False"


def test_the_planned_start_is_told_while_the_run_runs() -> None:
    cluster = model_cluster.running()
    assert "plannedStart" not in cluster.status
    cluster.tell_progress("Running", startUnixNs=model_cluster.DIGEST["startUnixNs"])
    cluster.settle()
    assert cluster.phase == "Running"
    assert cluster.status["plannedStart"] == "2027-01-15T08:00:03.000000123Z"


def test_every_condition_carries_the_generation_it_speaks_of() -> None:
    cluster = model_cluster.running()
    cluster.experiment["metadata"]["generation"] = 5
    cluster.settle()
    assert {each["observedGeneration"] for each in cluster.status["conditions"]} == {5}


def test_nothing_is_removed_or_failed_while_the_experiment_is_being_deleted() -> None:
    cluster = model_cluster.running()
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
    cluster = model_cluster.running()
    cluster.end_conductor(code, "no digest\nlast words")
    cluster.settle()
    assert cluster.phase == "Failed"
    assert cluster.condition("Failed")["reason"] == cluster.status["reason"] == reason
    assert cluster.truth("Collected") == collected


def test_a_unit_that_died_is_named_once_the_conductor_has_concluded() -> None:
    cluster = model_cluster.running()
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
    cluster = model_cluster.running()
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


@pytest.mark.parametrize("kind", ["Pod", "Job"])
def test_what_somebody_deletes_fails_the_run_and_is_never_made_again(kind: str) -> None:
    cluster = model_cluster.running()
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
    cluster.tell_progress("Waiting")
    cluster.delete(("Job", job["metadata"]["name"]))
    cluster.settle()
    assert cluster.status["reason"] == reasons.CHILD_DELETED
    assert cluster.job() is None


def test_a_service_that_somebody_deletes_is_made_again() -> None:
    cluster = model_cluster.running()
    key = next(key for key in cluster.children if key[0] == "Service")
    cluster.delete(key)
    cluster.settle()
    assert cluster.made[key] == 2
    assert cluster.phase == "Running"


def test_a_conductor_that_runs_for_ever_meets_the_deadline() -> None:
    cluster = model_cluster.running(activeDeadlineSeconds=40)
    cluster.wait(39)
    assert cluster.phase == "Running"
    assert cluster.next_deadline is not None
    cluster.wait(1)
    assert (cluster.phase, cluster.status["reason"]) == ("Failed", reasons.DEADLINE_EXCEEDED)
    assert cluster.job() is None


def test_the_jobs_own_deadline_counts_when_no_operator_was_there() -> None:
    cluster = model_cluster.running()
    job = cluster.job()
    assert job is not None
    cluster.children = {key: each for key, each in cluster.children.items() if key[0] != "Pod"}
    model_cluster.set_condition(job, "Failed", reason="DeadlineExceeded", message="too long")
    cluster.settle()
    assert cluster.phase == "Failed"
    assert cluster.status["reason"] in {reasons.DEADLINE_EXCEEDED, reasons.CHILD_DELETED}


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
    cluster = model_cluster.running()
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
    cluster = model_cluster.running()
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


def test_suspending_a_run_that_is_over_changes_nothing() -> None:
    cluster = model_cluster.running()
    cluster.end_conductor(0)
    cluster.experiment["spec"]["suspend"] = True
    cluster.settle()
    assert cluster.phase == "Complete"


def test_a_clock_that_is_set_back_gives_a_run_no_more_than_its_deadline() -> None:
    cluster = model_cluster.Cluster(model_cluster.experiment(startDeadlineSeconds=60))
    cluster.settle()
    cluster.wait(-3600)
    cluster.wait(60)
    assert cluster.status["reason"] == reasons.DEADLINE_EXCEEDED
