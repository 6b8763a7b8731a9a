"""Whatever befalls a run: one Conductor, no step back, and an end before its deadlines."""

import json

import hypothesis
import hypothesis.strategies as st
import model_cluster
from tickwork_operator import decide, reasons
from tickwork_operator.objects import names

from tickwork.manifest.status import CONDITIONS, Status

START_SECONDS = 120
ACTIVE_SECONDS = 300
DISRUPTIONS = ("DeletionByTaintManager", "EvictionByEvictionAPI", "TerminationByKubelet", "")
WAITING = ("ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError", "CrashLoopBackOff")
PHASES = ("Waiting", "Running", "Collecting", "Analysing", "Ended")
DIGESTS = (
    "",
    "no json",
    "[]",
    '{"skewNs": NaN}',
    '{"questions": 5}',
    '{"collected": false}',
    '{"failure": {"unit": "pipeline/book", "text": "silent"}}',
    json.dumps({"questions": [{"p50Ns": 5}]}),
)


def pick(values: list, index: int) -> object:
    return values[index % len(values)]


def lose_pod(cluster: model_cluster.Cluster, choice: int) -> None:
    if pods := cluster.pods():
        pod = pick(pods, choice)
        pod["metadata"]["deletionTimestamp"] = "2027-01-15T08:00:00Z"
        if reason := pick(DISRUPTIONS, choice):
            model_cluster.set_condition(pod, "DisruptionTarget", reason=reason)


def evict_pod(cluster: model_cluster.Cluster, choice: int) -> None:
    if pods := cluster.pods():
        pick(pods, choice).setdefault("status", {}).update(phase="Failed", reason="Evicted")


def delete_child(cluster: model_cluster.Cluster, choice: int) -> None:
    if cluster.children:
        cluster.delete(pick(sorted(cluster.children), choice))


def end_container(cluster: model_cluster.Cluster, choice: int) -> None:
    pods = cluster.pods()
    if pods:
        pod = pick(pods, choice)
        container = pick(pod["spec"]["containers"], choice // 7)["name"]
        code = pick([0, 1, 137], choice // 3)
        ended = {"exitCode": code, "reason": "OOMKilled" if code == 137 else "Error"}
        state = {"terminated": ended}
        model_cluster.set_container(pod, container, state=state, started=False, ready=False)


def hold_container(cluster: model_cluster.Cluster, choice: int) -> None:
    if pods := cluster.pods():
        pod = pick(pods, choice)
        state = {"waiting": {"reason": pick(WAITING, choice)}}
        model_cluster.set_container(pod, pod["spec"]["containers"][0]["name"], state=state)


def start_pods(cluster: model_cluster.Cluster, choice: int) -> None:
    cluster.start_pods()


def tell_progress(cluster: model_cluster.Cluster, choice: int) -> None:
    if any("nodeName" in pod["spec"] for pod in cluster.pods(names.CONDUCTOR)):
        cluster.tell_progress(
            pick(["Waiting", "Running", "Collecting", "Analysing", "Ended"], choice)
        )


def end_conductor(cluster: model_cluster.Cluster, choice: int) -> None:
    cluster.end_conductor(pick([0, 1, 3, 4, 6, 130], choice), pick(DIGESTS, choice // 6))


def fail_job(cluster: model_cluster.Cluster, choice: int) -> None:
    if (job := cluster.job()) is not None:
        reason = pick(["DeadlineExceeded", "BackoffLimitExceeded", "PodFailurePolicy"], choice)
        model_cluster.set_condition(job, "Failed", reason=reason)


def refuse(cluster: model_cluster.Cluster, choice: int) -> None:
    kind = pick(["ConfigMap", "Service", "Pod", "Job", "Deployment"], choice)
    cluster.refusals[kind] = pick(["QuotaExceeded", "Forbidden", "NameTaken", "Invalid"], choice)


def allow(cluster: model_cluster.Cluster, choice: int) -> None:
    cluster.refusals.clear()


def toggle_suspend(cluster: model_cluster.Cluster, choice: int) -> None:
    spec = cluster.experiment["spec"]
    spec["suspend"] = not spec.get("suspend", False)


def crash(cluster: model_cluster.Cluster, choice: int) -> None:
    cluster.crash_after = choice % 20 + 1


def set_clock(cluster: model_cluster.Cluster, choice: int) -> None:
    cluster.now += pick([-3600, -10, 3600], choice) * model_cluster.SECOND_NS


def pass_time(cluster: model_cluster.Cluster, choice: int) -> None:
    cluster.now += (choice % 60) * model_cluster.SECOND_NS


BEFALLS = (
    lose_pod,
    evict_pod,
    delete_child,
    end_container,
    hold_container,
    start_pods,
    start_pods,
    tell_progress,
    tell_progress,
    end_conductor,
    fail_job,
    refuse,
    allow,
    toggle_suspend,
    crash,
    set_clock,
    pass_time,
    pass_time,
)
STEPS = st.lists(st.tuples(st.sampled_from(BEFALLS), st.integers(0, 10_000)), max_size=14)


def check(cluster: model_cluster.Cluster, before: dict) -> None:
    """Compares the status with the one before it: nothing goes back, an end stays an end."""
    after = cluster.experiment.get("status", {})
    if not after or not before:
        return
    cluster.job()
    for key, count in cluster.made.items():
        if key[0] in {"Job", "Pod"}:
            assert count == 1 or after["phase"] in {"Planned", "Starting"}, (
                f"{key} made {count} times"
            )
    if before["phase"] in model_cluster.FINAL:
        assert after["phase"] == before["phase"]
        assert after["completionTime"] == before["completionTime"]
        return
    is_new = before.get("attempt", 1) != after.get("attempt", 1)
    if not is_new and "Suspended" not in {before["phase"], after["phase"]}:
        assert model_cluster.rank(after["phase"]) >= model_cluster.rank(before["phase"])
    Status.model_validate(after)
    assert [each["type"] for each in after["conditions"]] == list(CONDITIONS)
    assert after["reason"] in {"", *reasons.ALL}


def look_again_changes_nothing(cluster: model_cluster.Cluster) -> None:
    decision = cluster.look()
    held = {key: each for key, each in cluster.status.items() if key != "progress"}
    assert decision.status == held
    assert decision.events == ()
    assert all(body["kind"] in cluster.refusals for body in decision.apply[:1])
    assert not any(key in cluster.children for key in decision.delete)


@hypothesis.settings(max_examples=80)
@hypothesis.given(steps=STEPS, restart=st.sampled_from(["never", "onFailure"]), arms=st.booleans())
def test_a_run_ends_before_its_deadlines_and_never_goes_back(steps, restart, arms) -> None:
    body = model_cluster.experiment(
        startDeadlineSeconds=START_SECONDS, activeDeadlineSeconds=ACTIVE_SECONDS
    )
    body["spec"]["restart"] = restart
    if arms:
        body["spec"]["arms"] = [
            {"name": "a", "set": {"pipeline.placement": "fused"}},
            {"name": "b", "set": {"pipeline.placement": "split"}},
        ]
        del body["spec"]["pipeline"]["publish"]["tcp"]
        del body["spec"]["pipeline"]["consumers"][1]
    cluster = model_cluster.Cluster(body)
    cluster.settle()
    for befall, choice in steps:
        before = dict(cluster.experiment.get("status", {}))
        befall(cluster, choice)
        crashes = cluster.crash_after is not None
        cluster.settle()
        check(cluster, before)
        if not crashes and cluster.crash_after is None:
            look_again_changes_nothing(cluster)
    cluster.crash_after = None
    body["spec"]["suspend"] = False
    cluster.settle()
    cluster.wait(START_SECONDS)
    cluster.wait(ACTIVE_SECONDS + decide.CONCLUDE_SECONDS)
    cluster.wait(decide.CONFIRM_SECONDS)
    assert cluster.phase in model_cluster.FINAL, cluster.status
    look_again_changes_nothing(cluster)


@hypothesis.settings(max_examples=25)
@hypothesis.given(steps=STEPS)
def test_a_provider_outlives_everything_but_a_start_that_never_comes(steps) -> None:
    cluster = model_cluster.Cluster(model_cluster.provider(startDeadlineSeconds=START_SECONDS))
    cluster.settle()
    for befall, choice in steps:
        before = dict(cluster.experiment.get("status", {}))
        befall(cluster, choice)
        cluster.settle()
        check(cluster, before)
        assert "Job" not in cluster.kinds()
    cluster.crash_after = None
    cluster.experiment["spec"]["suspend"] = False
    cluster.settle()
    cluster.wait(START_SECONDS)
    assert cluster.phase in {"Running", "Failed"}


@hypothesis.settings(max_examples=30)
@hypothesis.given(writes=st.integers(1, 60), again=st.integers(1, 60))
def test_a_crash_after_any_write_leads_to_the_same_objects(writes, again) -> None:
    whole = model_cluster.Cluster(model_cluster.experiment())
    whole.run_until_running()
    broken = model_cluster.Cluster(model_cluster.experiment())
    broken.crash_after = writes
    broken.settle()
    broken.crash_after = again
    broken.settle()
    broken.crash_after = None
    broken.run_until_running()
    assert broken.made == whole.made
    assert broken.status == whole.status
