import pytest
from tickwork_operator import fates, reasons


def pod(status: dict, restart: str = "Never", **metadata: object) -> dict:
    return {
        "metadata": {"name": "p", "labels": {"tickwork.dev/group": "g"}, **metadata},
        "spec": {
            "restartPolicy": restart,
            "nodeName": "node-a",
            "containers": [{"name": "u"}, {"name": "v"}],
        },
        "status": status,
    }


def container(name: str = "u", **said: object) -> dict:
    return {"name": name, "restartCount": 0, **said}


def ended(code: int, reason: str = "Error", message: str = "", at: str = "") -> dict:
    said = {"exitCode": code, "reason": reason, "message": message, "finishedAt": at}
    return {"state": {"terminated": said}}


def of(status: dict, restart: str = "Never", **metadata: object) -> list[fates.Fate]:
    return list(fates.of_pod(pod(status, restart, **metadata), "g"))


@pytest.mark.parametrize(
    ("word", "fatal"),
    [
        ("ErrImagePull", False),
        ("ImagePullBackOff", False),
        ("ErrImageNeverPull", False),
        ("InvalidImageName", True),
    ],
)
def test_an_image_that_is_not_to_be_had(word: str, fatal: bool) -> None:
    state = {"waiting": {"reason": word, "message": "not found"}}
    [fate] = of({"containerStatuses": [container(state=state)]})
    assert (fate.reason, fate.fatal) == (reasons.IMAGE_PULL_FAILED, fatal)
    assert fate.message == f"g/u: {word}: not found"


def test_memory_over_the_limit() -> None:
    [fate] = of({"containerStatuses": [container(**ended(137, "OOMKilled"))]})
    assert fate == fates.Fate(reasons.OOM_KILLED, "g/u used more memory than its limit", fatal=True)


def test_a_unit_that_failed_is_named_with_its_last_line() -> None:
    message = "first\n\n  the last   one \n\n"
    [fate] = of({"containerStatuses": [container(**ended(3, message=message))]})
    assert fate.message == "g/u ended with exit code 3; its last line: the last one"
    assert fate.fatal


def test_a_unit_that_is_restarted_is_not_lost() -> None:
    state = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}
    before = ended(1, message="no")["state"]
    status = {"containerStatuses": [container(state=state, lastState=before)]}
    [fate] = of(status, "OnFailure")
    assert (fate.reason, fate.fatal) == (reasons.COMPONENT_FAILED, False)
    assert "its last line: no" in fate.message


def test_the_first_that_failed_comes_first() -> None:
    statuses = [container("u", **ended(1, at="2")), container("v", **ended(2, at="1"))]
    assert [fate.message[:3] for fate in of({"containerStatuses": statuses})] == ["g/v", "g/u"]


def test_a_unit_that_was_told_to_stop_has_no_fate() -> None:
    assert of({"containerStatuses": [container(**ended(0, "Completed"))]}) == []


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("DeletionByTaintManager", reasons.NODE_LOST),
        ("DeletionByPodGC", reasons.NODE_LOST),
        ("TerminationByKubelet", reasons.EVICTED),
        ("EvictionByEvictionAPI", reasons.EVICTED),
        ("PreemptionByScheduler", reasons.EVICTED),
        ("SomethingNew", reasons.EVICTED),
    ],
)
def test_a_pod_that_is_taken_away(word: str, reason: str) -> None:
    target = {"type": "DisruptionTarget", "status": "True", "reason": word, "message": "why"}
    [fate] = of({"conditions": [target]}, deletionTimestamp="now")
    assert (fate.reason, fate.fatal) == (reason, True)
    assert "node-a" in fate.message


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("Evicted", reasons.EVICTED),
        ("NodeLost", reasons.NODE_LOST),
        ("OutOfcpu", reasons.UNSCHEDULABLE),
        ("NodeAffinity", reasons.UNSCHEDULABLE),
    ],
)
def test_a_pod_that_the_kubelet_gave_up(word: str, reason: str) -> None:
    [fate] = of({"phase": "Failed", "reason": word, "message": "low on memory"})
    assert (fate.reason, fate.fatal) == (reason, True)


def test_a_pod_that_somebody_deletes() -> None:
    [fate] = of({}, deletionTimestamp="now")
    assert fate.reason == reasons.CHILD_DELETED


def test_a_claim_that_is_not_there_is_the_sinks_fault() -> None:
    said = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    [one] = of({"conditions": [{**said, "message": 'persistentvolumeclaim "x" not found'}]})
    [other] = of({"conditions": [{**said, "message": "Insufficient memory"}]})
    assert (one.reason, other.reason) == (reasons.SINK_UNAVAILABLE, reasons.UNSCHEDULABLE)


def test_the_gravest_is_what_cannot_be_mended_then_what_explains_most() -> None:
    soft = fates.Fate(reasons.IMAGE_PULL_FAILED, "", fatal=False)
    quota = fates.Fate(reasons.QUOTA_EXCEEDED, "", fatal=False)
    hard = fates.Fate(reasons.COMPONENT_FAILED, "", fatal=True)
    assert fates.gravest([soft, quota]) == quota
    assert fates.gravest([soft, quota, hard]) == hard
    assert fates.gravest([]) is None


def test_restarts_are_counted_with_the_last_cause() -> None:
    last = {"terminated": {"reason": "OOMKilled", "exitCode": 137}}
    statuses = [container(restartCount=4, lastState=last), container("v")]
    found = fates.restarts([pod({"containerStatuses": statuses})])
    assert found == {"g/u": (4, "OOMKilled, exit code 137")}


def test_a_pod_is_ready_when_all_its_containers_are() -> None:
    half = pod({"containerStatuses": [container(ready=True, started=True)]})
    whole = pod(
        {
            "containerStatuses": [
                container(ready=True, started=True),
                container("v", started=True, ready=True),
            ]
        }
    )
    assert not fates.all_ready(half)
    assert fates.all_ready(whole)
    assert fates.all_started(whole)
    whole["metadata"]["deletionTimestamp"] = "now"
    assert not fates.all_ready(whole)


def test_long_texts_are_cut() -> None:
    assert len(fates.cut("x" * 10_000)) == fates.TEXT_MAX
    assert fates.cut("a\n b") == "a b"
