"""What a pod's state means for its run: the first-class reasons, told from what Kubernetes says.

Pure. The words of the kubelet, the scheduler and the controllers are read here and nowhere else.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tickwork_operator import reasons
from tickwork_operator.objects import names

Object = Mapping[str, Any]

TEXT_MAX = 400
_IMAGE_WORDS = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "ErrImageNeverPull",
        "ImageInspectError",
        "InvalidImageName",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
# No retry of the kubelet's can mend these.
_HOPELESS_WORDS = frozenset({"InvalidImageName"})
_CONFIGURATION_WORDS = frozenset(
    {"CreateContainerConfigError", "CreateContainerError", "RunContainerError", "CrashLoopBackOff"}
)
_DISRUPTIONS = {
    "DeletionByTaintManager": reasons.NODE_LOST,
    "DeletionByPodGC": reasons.NODE_LOST,
    "TerminationByKubelet": reasons.EVICTED,
    "EvictionByEvictionAPI": reasons.EVICTED,
    "PreemptionByScheduler": reasons.EVICTED,
}
_POD_REASONS = {
    "Evicted": reasons.EVICTED,
    "Preempting": reasons.EVICTED,
    "NodeLost": reasons.NODE_LOST,
    "NodeShutdown": reasons.NODE_LOST,
    "Shutdown": reasons.NODE_LOST,
    "Terminated": reasons.NODE_LOST,
    "NodeAffinity": reasons.UNSCHEDULABLE,
    "UnexpectedAdmissionError": reasons.UNSCHEDULABLE,
    "TopologyAffinityError": reasons.UNSCHEDULABLE,
}
_CLAIM_WORD = "persistentvolumeclaim"


@dataclasses.dataclass(frozen=True)
class Fate:
    """What befell a run: a fixed word, a sentence, and whether the run can still be saved."""

    reason: str
    message: str
    fatal: bool


def of_pod(pod: Object, where: str, apart: str = "") -> Iterator[Fate]:
    """Yields what befell ``pod``; ``where`` is its Group, or conductor.

    The end of the container ``apart`` is for others to judge.

    A container that ended well is no fate: its unit was told to stop. The one that failed first
    comes first.
    """
    status = pod.get("status") or {}
    if (lost := _disruption(pod, where)) is not None:
        yield lost
    if status.get("phase") == "Failed" and (word := status.get("reason", "")):
        reason = _POD_REASONS.get(word)
        if word.startswith("OutOf"):
            reason = reasons.UNSCHEDULABLE
        if reason is not None:
            yield Fate(reason, f"{where}: {word}: {cut(status.get('message', ''))}", fatal=True)
    yield from _scheduling(status, where)
    if _is_silent(pod):
        node = (pod.get("spec") or {}).get("nodeName", "")
        yield Fate(reasons.NODE_LOST, f"{where}: its node {node} does not answer", fatal=False)
    restarts = (pod.get("spec") or {}).get("restartPolicy", "Always") != "Never"
    for container in sorted(container_statuses(status), key=_finished_at):
        if container["name"] == apart and _terminated(container) is not None:
            continue
        yield from _container(container, where, restarts=restarts)


def gravest(fates: Sequence[Fate]) -> Fate | None:
    """Returns the fate that explains most: fatal ones first, then the order of the words."""
    return min(
        fates, key=lambda each: (not each.fatal, reasons.ALL.index(each.reason)), default=None
    )


def last_line(text: str) -> str:
    """Returns the last line of ``text`` that says something, cut to a readable length."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return cut(lines[-1]) if lines else ""


def restarts(pods: Sequence[Object]) -> dict[str, tuple[int, str]]:
    """Returns how often each ``group/unit`` was restarted, and by what the last time."""
    counted = {}
    for pod in pods:
        group = pod["metadata"].get("labels", {}).get(names.GROUP_LABEL, "")
        for each in container_statuses(pod.get("status") or {}):
            if each.get("restartCount", 0) > 0:
                ended = (each.get("lastState") or {}).get("terminated") or {}
                why = f"{ended.get('reason', 'Error')}, exit code {ended.get('exitCode', '?')}"
                counted[f"{group}/{each['name']}"] = (each["restartCount"], why)
    return counted


def all_started(pod: Object) -> bool:
    """Says whether every container of ``pod`` has answered its startup probe, or ended well."""
    return _every(pod, lambda each: bool(each.get("started")) or _ended_well(each))


def all_ready(pod: Object) -> bool:
    """Says whether every container of ``pod`` serves."""
    return _every(pod, lambda each: bool(each.get("ready")))


def is_scheduled(pod: Object) -> bool:
    """Says whether ``pod`` has a node."""
    return bool((pod.get("spec") or {}).get("nodeName"))


def condition(thing: Object, name: str) -> Object | None:
    """Returns the condition ``name`` of ``thing`` where its status is True, or None."""
    for each in (thing.get("status") or {}).get("conditions") or ():
        if each.get("type") == name and each.get("status") == "True":
            found: Object = each
            return found
    return None


def container_statuses(status: Object) -> Sequence[Object]:
    """Returns the status of each container of a pod."""
    found: Sequence[Object] = status.get("containerStatuses") or ()
    return found


def _every(pod: Object, test: Callable[[Object], bool]) -> bool:
    wanted = {each["name"] for each in (pod.get("spec") or {}).get("containers") or ()}
    found = {each["name"] for each in container_statuses(pod.get("status") or {}) if test(each)}
    return bool(wanted) and wanted <= found and "deletionTimestamp" not in pod["metadata"]


def _is_silent(pod: Object) -> bool:
    """Says whether the control plane marked ``pod`` not ready, since its node does not answer.

    The kubelet reads a pod's readiness off its containers': that they are all ready and their pod
    is not was said by somebody else, the controller of nodes.
    """
    for each in (pod.get("status") or {}).get("conditions") or ():
        if each.get("type") == "Ready" and each.get("status") == "False":
            return all_ready(pod)
    return False


def _disruption(pod: Object, where: str) -> Fate | None:
    """Says why ``pod`` is being taken away, where somebody does so."""
    if (target := condition(pod, "DisruptionTarget")) is not None:
        reason = _DISRUPTIONS.get(target.get("reason", ""), reasons.EVICTED)
        node = (pod.get("spec") or {}).get("nodeName", "no node")
        told = cut(target.get("message", target.get("reason", "")))
        return Fate(reason, f"{where}: its pod on {node} was taken away: {told}", fatal=True)
    if "deletionTimestamp" in pod["metadata"]:
        name = pod["metadata"]["name"]
        return Fate(reasons.CHILD_DELETED, f"{where}: somebody deleted pod {name}", fatal=True)
    return None


def _scheduling(status: Object, where: str) -> Iterator[Fate]:
    for each in status.get("conditions") or ():
        if each.get("type") == "PodScheduled" and each.get("reason") == "Unschedulable":
            told = cut(each.get("message", ""))
            claim = _CLAIM_WORD in told
            reason = reasons.SINK_UNAVAILABLE if claim else reasons.UNSCHEDULABLE
            yield Fate(reason, f"{where}: {told}", fatal=False)


def _container(status: Object, where: str, *, restarts: bool) -> Iterator[Fate]:
    name = where if where == status["name"] else f"{where}/{status['name']}"
    ended = _terminated(status)
    if ended is not None and ended.get("exitCode") != 0:
        yield _ended(ended, name, fatal=not restarts)
    waiting = (status.get("state") or {}).get("waiting") or {}
    word = waiting.get("reason", "")
    told = cut(waiting.get("message", ""))
    if word in _IMAGE_WORDS:
        text = f"{name}: {word}: {told or status.get('image', '')}"
        yield Fate(reasons.IMAGE_PULL_FAILED, text, fatal=word in _HOPELESS_WORDS)
    elif word in _CONFIGURATION_WORDS:
        before = (status.get("lastState") or {}).get("terminated")
        if before is not None and before.get("exitCode") != 0:
            yield _ended(before, name, fatal=False)
        else:
            yield Fate(reasons.COMPONENT_FAILED, f"{name}: {word}: {told}", fatal=False)


def _ended(ended: Object, name: str, *, fatal: bool) -> Fate:
    code = ended.get("exitCode")
    if ended.get("reason") == "OOMKilled":
        return Fate(reasons.OOM_KILLED, f"{name} used more memory than its limit", fatal)
    line = last_line(ended.get("message", ""))
    said = f"; its last line: {line}" if line else ""
    return Fate(reasons.COMPONENT_FAILED, f"{name} ended with exit code {code}{said}", fatal)


def _ended_well(status: Object) -> bool:
    return (_terminated(status) or {}).get("exitCode") == 0


def _terminated(status: Object) -> Object | None:
    ended: Object | None = (status.get("state") or {}).get("terminated")
    return ended


def _finished_at(status: Object) -> tuple[str, bool]:
    """Orders containers by their end; a kill for memory before what fell over it."""
    ended = _terminated(status) or {}
    return ended.get("finishedAt", ""), ended.get("reason") != "OOMKilled"


def cut(text: str) -> str:
    """Returns ``text`` on one line, at most ``TEXT_MAX`` characters long."""
    flat = " ".join(text.split())
    return flat if len(flat) <= TEXT_MAX else f"{flat[: TEXT_MAX - 1]}…"
