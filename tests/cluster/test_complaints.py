"""Fifteen complaints about other operators, each a test by its name and number.

Where they come from is said at each: the project and its thread.
"""

import contextlib
import http.client
import json
import pathlib
import signal

import pytest
import wrong_manifests
from tickwork_operator import resources
from tickwork_operator.objects import names

from cluster import space

DYING_OPERATOR = pathlib.Path(__file__).with_name("dying_operator.py")
LIVES_MAX = 60
WRITES_MIN = 30
AT_REST = 'tickwork_operator_reconciles_total{outcome="unchanged"}'
MANAGED = ("app.kubernetes.io/managed-by", names.OPERATOR)
FINAL = {"Complete", "Failed"}
ABSENT = "registry.example/nowhere/image:none"


def test_01_a_run_that_cannot_begin_does_not_begin_for_ever(room, make_operator, stand_ins):
    """grafana/k6-operator#290: the initializer fails, the run stays in initialization."""
    make_operator({**stand_ins, "services": ABSENT}).start().wait_ready()
    room.create(space.experiment("demo", seconds=60, cluster={"startDeadlineSeconds": 12}))
    status = room.reached(FINAL, 60)
    assert (status["phase"], status["reason"]) == ("Failed", "ImagePullFailed")
    assert ABSENT in status["message"]
    assert room.condition("Failed")["status"] == "True"


def test_02_killed_after_each_write_it_still_makes_everything_once(room, make_operator, stand_ins):
    """grafana/k6-operator#800: creating is not idempotent, a status that was not written blocks."""
    operator = make_operator(stand_ins, entry=("-P", str(DYING_OPERATOR)))
    jobs, pods = room.witness("Job"), room.witness("Pod")
    room.create(space.experiment("demo", seconds=5, cluster={"startDeadlineSeconds": 600}))
    for deaths in range(LIVES_MAX):  # noqa: B007 — how many there were is asked below
        operator.start("1")
        if room.until(lambda: _fate(room, operator), 90, "dead or at rest") == "at rest":
            break
        assert operator.process.returncode == -signal.SIGKILL, operator.tail()
    print(f"killed {deaths} times, once after each write")
    assert deaths >= WRITES_MIN
    assert room.status()["phase"] == "Complete", room.told()
    assert len(jobs.seen) == 1
    assert len(pods.seen) == 3, pods.names()
    assert len(set(pods.names())) == 3, pods.names()


def _fate(room, operator):
    """Says what became of an operator that dies of its first write: dead, or nothing to do."""
    if operator.process.poll() is not None:
        return "dead"
    over = any(job["status"].get("succeeded") for job in room.children("Job"))
    if not over or room.status().get("phase") not in FINAL:
        return None
    with contextlib.suppress(OSError, http.client.HTTPException):
        return "at rest" if operator.metrics().get(AT_REST, 0) > 0 else None


def test_03_a_second_run_of_the_same_name_needs_no_cleaning(room, operator):
    """grafana/k6-operator#513: job exists, delete your previous run."""
    runs = []
    for _ in range(2):
        room.create(space.experiment("demo", seconds=1))
        runs.append(room.reached(FINAL, 90)["run"])
        assert room.status()["phase"] == "Complete", room.told()
        assert room.delete() < 2
    room.create(space.experiment("demo", seconds=30))
    room.until(lambda: room.children("Job"), 30, "the third run's Job")
    room.delete()
    room.create(space.experiment("demo", seconds=1))
    assert room.reached(FINAL, 90)["phase"] == "Complete", room.told()
    runs.append(room.status()["run"])
    assert len(set(runs)) == 3


def test_04_every_pod_says_whose_it_is(room, operator):
    """grafana/k6-operator#119: no label per runner, series overwrite each other."""
    arms = [{"name": "a"}, {"name": "b"}]
    for name in ("one", "two"):
        room.create(space.experiment(name, seconds=60, arms=arms, cluster=space.NOWHERE))
    count = 2 * (2 * 2 + 1)
    room.until(lambda: len(room.list("Pod")) == count, 60, f"{count} pods")
    marks = set()
    for pod in room.list("Pod"):
        labels = pod["metadata"]["labels"]
        assert labels["app.kubernetes.io/managed-by"] == "tickwork-operator"
        keys = ("experiment", "run", "group", "arm")
        marks.add(tuple(labels.get(f"{space.GROUP}/{key}") for key in keys))
    assert len(marks) == count


def test_05_a_storm_of_changes_starts_nothing_twice(room, operator):
    """grafana/k6-operator#871: a second look began before the status of the first was written."""
    jobs, pods = room.witness("Job"), room.witness("Pod")
    room.create(space.experiment("demo", seconds=3))
    for number in range(60):
        body = {"metadata": {"annotations": {"storm": str(number)}, "labels": {"n": str(number)}}}
        room.api.patch("Experiment", room.name, "demo", body)
    assert room.reached(FINAL, 90)["phase"] == "Complete", room.told()
    assert len(jobs.seen) == 1
    assert len(pods.seen) == 3, pods.names()


def test_06_pods_that_do_not_start_hold_nobody_else_up(room, operator):
    """grafana/k6-operator#128: a slow pull freezes the whole controller; here no node is found."""
    room.create(space.experiment("stuck", seconds=90, cluster=space.NOWHERE))
    room.until(lambda: room.children("Pod", "stuck"), 30, "pods that wait")
    room.create(space.experiment("demo", seconds=1))
    assert room.reached(FINAL, 60)["phase"] == "Complete", room.told()
    assert room.status("stuck")["phase"] not in FINAL


def test_07_a_run_that_ends_while_the_operator_is_away_is_seen(room, operator):
    """kubeshop/testkube#3167, #3807: after a restart the run shows running for ever."""
    room.create(space.experiment("demo", seconds=12))
    room.reached("Running", 90)
    operator.kill()
    job = room.children("Job")[0]["metadata"]["name"]

    def ended():
        return room.get("Job", job)["status"].get("succeeded")

    room.until(ended, 60, "the Job over with no operator")
    assert room.status()["phase"] == "Running"
    operator.start().wait_ready()
    status = room.reached(FINAL, 30)
    assert status["phase"] == "Complete", room.told()
    assert status["digest"]["verdict"] == "stood in"


def test_08_killed_for_memory_is_said_with_the_unit(room, operator):
    """kubeshop/testkube#2187: failed, with no reason."""
    body = space.experiment("oom", seconds=60, cluster={"groups": {"pipeline": {"memoryMiB": 64}}})
    room.create(body)
    status = room.reached(FINAL, 120, "oom")
    assert (status["phase"], status["reason"]) == ("Failed", "OOMKilled")
    assert "book" in status["message"]


def test_08_evicted_is_said(room, operator):
    """kubeshop/testkube#2187, the other half."""
    room.create(space.experiment("demo", seconds=60))
    room.reached("Running", 90)
    pod = next(each for each in room.children("Pod") if "pipeline" in each["metadata"]["name"])
    name = pod["metadata"]["name"]
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
    room.api.call("POST", f"/api/v1/namespaces/{room.name}/pods/{name}/eviction", body)
    status = room.reached(FINAL, 120)
    assert (status["phase"], status["reason"]) == ("Failed", "Evicted")


def test_08_a_unit_that_dies_is_named_with_its_last_line(room, operator):
    """kubeshop/testkube#2187, the plain case."""
    room.create(space.experiment("dies", seconds=60))
    status = room.reached(FINAL, 120, "dies")
    assert (status["phase"], status["reason"]) == ("Failed", "ComponentFailed")
    assert "book" in status["message"]
    assert "stood in" in status["message"]


def test_09_what_waits_for_quota_is_not_lost(room, operator):
    """kubeshop/testkube#5076: a pod that waits for quota is lost track of."""
    where = {"name": "small", "namespace": room.name}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": where}
    room.api.create({**quota, "spec": {"hard": {"pods": "1"}}})
    quotas = lambda: room.get("ResourceQuota", "small").get("status", {}).get("hard")  # noqa: E731
    room.until(quotas, 30, "the quota counted")
    room.create(space.experiment("demo", seconds=1))
    room.until(lambda: room.status().get("reason") == "QuotaExceeded", 30, "QuotaExceeded said")
    assert "exceeded quota" in room.status()["message"]
    assert room.status()["phase"] not in FINAL
    room.api.patch("ResourceQuota", room.name, "small", {"spec": {"hard": {"pods": "9"}}})
    assert room.reached(FINAL, 120)["phase"] == "Complete", room.told()


def test_10_a_wrong_spec_is_failed_and_can_be_deleted(room, operator):
    """chaos-mesh/chaos-mesh#3929, #2521, #1465: cannot be deleted after a wrong spec.

    Most mistakes the API server refuses at once; these it cannot know, and the Plan refuses them.
    """
    wrong = [case for case in wrong_manifests.cases() if case.admitted]
    assert wrong
    for number, case in enumerate(wrong):
        case.manifest["metadata"] = {"name": f"wrong-{number}"}
        room.create(case.manifest)
    for number, case in enumerate(wrong):
        status = room.reached(FINAL, 30, f"wrong-{number}")
        assert (status["phase"], status["reason"]) == ("Failed", "InvalidSpec"), case.name
        assert case.words in status["message"], case.name
        assert room.children("Pod", f"wrong-{number}") == []
    operator.kill()
    for number in range(len(wrong)):
        assert room.delete(f"wrong-{number}") < 2


def test_11_deleted_while_it_is_made_leaves_nothing(room, operator):
    """chaos-mesh/chaos-mesh#2449: deletion leaks what was made before the finalizer."""
    for kind in ("ConfigMap", "Service", "RoleBinding", "Pod", "Job"):
        name = f"until-{kind.lower()}"
        room.create(space.experiment(name, seconds=30, cluster=space.NOWHERE))
        room.until(lambda kind=kind, name=name: room.children(kind, name), 30, f"the first {kind}")
        assert room.delete(name) < 2

    def is_clean():
        kept = [each for kind in resources.CHILDREN for each in room.list(kind.kind)]
        return not [each for each in kept if MANAGED in each["metadata"].get("labels", {}).items()]

    room.until(is_clean, 60, "nothing left")
    room.create(space.experiment("after", suspend=True))
    room.reached("Suspended", 30, "after")
    assert is_clean()


def test_12_status_stays_small_however_many_arms(room, operator):
    """argoproj/argo-workflows#12802, #10441: status fills etcd; #4560, #3006: never over."""
    arms = [{"name": f"arm-{number}"} for number in range(12)]
    room.create(space.experiment("demo", seconds=60, arms=arms, cluster=space.NOWHERE))
    room.until(lambda: room.status().get("reason") == "Unschedulable", 60, "Unschedulable said")
    assert len(json.dumps(room.get("Experiment", "demo")["status"])) < 16_384


def test_13_what_is_gone_is_not_tried_again(room, operator):
    """dask/dask-kubernetes#810: 40 000 retries for what is gone; #882: deletion blocked."""
    room.create(space.experiment("demo", seconds=60, cluster=space.NOWHERE))
    room.until(lambda: room.children("Pod"), 30, "pods that wait")
    assert room.delete() < 2
    room.until(lambda: not room.children("Pod"), 60, "the pods gone")
    operator.assert_still()


def test_14_a_child_that_is_refused_is_said_in_a_condition(room, operator):
    """kubeflow/trainer#2351: if making the child fails, no condition is ever set."""
    room.create(space.experiment("demo", seconds=60, cluster={"profile": "privileged"}))
    room.until(lambda: room.status().get("reason") == "Refused", 30, "Refused said")
    assert "PodSecurity" in room.status()["message"]
    assert room.condition("Scheduled")["reason"] == "Refused"


def test_14_phase_after_a_resume_is_that_of_now(room, operator):
    """kubeflow/trainer#3666: a column that reads the last condition lies after a resume."""
    room.create(space.experiment("demo", seconds=40))
    room.reached("Running", 90)
    for suspend, phases in ((True, "Suspended"), (False, {"Starting", "Running", *FINAL})):
        room.api.patch("Experiment", room.name, "demo", {"spec": {"suspend": suspend}})
        room.reached(phases, 60)
    assert room.condition("Suspended")["status"] == "False"
    jobs = {job["metadata"]["labels"][f"{space.GROUP}/run"] for job in room.children("Job")}
    assert len(jobs) <= 1


@pytest.mark.parametrize("hand", ["pod-that-serves", "job-deadline", "pod-of-the-past", "job"])
def test_15_one_object_holds_the_verdict(room, operator, hand):
    """litmuschaos/litmus#1450, #1724: two objects hold the verdict and disagree.

    Whatever becomes of the Job and of its pod after the verdict, the Experiment keeps it and is
    never run again, nor is there another pod.
    """
    jobs, pods = room.witness("Job"), room.witness("Pod")
    seconds = 300 if hand in {"pod-that-serves", "job-deadline"} else 1
    kept = {"sink": {"kind": "job", "keepSeconds": seconds}}
    room.create(space.experiment("demo", seconds=1, cluster=kept))
    room.reached("Complete", 90)
    (job,) = (each["metadata"]["name"] for each in room.children("Job"))
    (pod,) = (name for name in pods.names() if name.startswith(job))
    if seconds == 1:
        over = lambda: room.get("Job", job)["status"].get("succeeded")  # noqa: E731
        room.until(over, 60, "the Job over")
    if hand == "job-deadline":
        room.api.patch("Job", room.name, job, {"spec": {"activeDeadlineSeconds": 1}})
    elif hand == "job":
        room.api.delete("Job", room.name, job, propagationPolicy="Background")
    else:
        room.api.delete("Pod", room.name, pod, gracePeriodSeconds=0)
    room.until(lambda: room.get("Pod", pod) is None, 60, "the pod gone")
    room.until(lambda: not room.status()["results"]["available"], 30, "no results to fetch")
    operator.kill()
    operator.start().wait_ready()
    room.until(lambda: operator.metrics()[AT_REST] >= 1, 30, "the Experiment looked at again")
    assert room.condition("Complete")["status"] == "True"
    assert room.condition("Failed")["status"] == "False"
    assert room.status()["digest"]["verdict"] == "stood in"
    assert len(jobs.seen) == 1
    assert len(pods.seen) == 3, pods.names()
