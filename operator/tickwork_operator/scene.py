"""What a run's objects and pods look like together: what is missing, what is too many, what befell.

Pure; between single objects (``fates``, ``endings``) and the decision.
"""

import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tickwork_operator import endings, fates, reasons
from tickwork_operator.endings import Ending
from tickwork_operator.fates import Fate
from tickwork_operator.objects import build, names
from tickwork_operator.objects.run import Run

Object = Mapping[str, Any]
Key = tuple[str, str]  # (kind, name), in the Experiment's own namespace

_WRITE_REASONS = {
    "QuotaExceeded": Fate(reasons.QUOTA_EXCEEDED, "", fatal=False),
    "NameTaken": Fate(reasons.NAME_TAKEN, "", fatal=False),
    "Invalid": Fate(reasons.INVALID_SPEC, "", fatal=True),
    "TooLarge": Fate(reasons.INVALID_SPEC, "", fatal=True),
}
# The namespace takes everything with it; there is nothing to say and nobody to say it to.
_SILENT = frozenset({"NamespaceTerminating"})
_QUOTA_WORD = "exceeded quota"
_NOT_MADE = frozenset({"FailedCreate", "ReplicaSetCreateError"})
_NOT_MOUNTED = frozenset({"FailedMount", "FailedAttachVolume"})


@dataclasses.dataclass(frozen=True)
class Refusal:
    """Something that the cluster said no to: a write of ours, or a Warning event about a child.

    ``reason`` is QuotaExceeded, NameTaken, Forbidden, Invalid, TooLarge or NamespaceTerminating
    (a write), or the event's own word (FailedCreate, FailedMount, …).
    """

    kind: str
    name: str
    reason: str
    message: str
    at_unix_ns: int


@dataclasses.dataclass(frozen=True)
class Observed:
    """What is there now.

    ``children`` are the objects that the Experiment's uid owns, and the Pods of its Jobs and
    Deployments, also of those that are gone before their Pods: whole where their state matters
    (Pod, Job, Deployment, the plan's ConfigMap), else at least their metadata. ``refused`` is the
    last refusal of each object that could not be made, ``warnings`` the latest Warning event of
    each child.
    """

    children: Mapping[Key, Object] = dataclasses.field(default_factory=dict)
    refused: tuple[Refusal, ...] = ()
    warnings: tuple[Refusal, ...] = ()


@dataclasses.dataclass(frozen=True)
class Scene:
    """A run and what was observed of it.

    ``desired`` is every object of the run; ``begun`` says that all of them were there once, so
    that one that runs and is missing was deleted.
    """

    run: Run
    desired: tuple[dict[str, Any], ...]
    observed: Observed
    begun: bool

    @functools.cached_property
    def missing(self) -> tuple[dict[str, Any], ...]:
        """The objects that are not there, in the order of their making."""
        children = self.observed.children
        return tuple(made for made in self.desired if build.key(made) not in children)

    @functools.cached_property
    def stale(self) -> tuple[Key, ...]:
        """The objects of the Experiment that this run does not have: an earlier attempt's."""
        wanted = {build.key(made) for made in self.desired}
        return tuple(sorted(key for key in owned(self.observed.children) if key not in wanted))

    @functools.cached_property
    def lingering(self) -> tuple[str, ...]:
        """What of an earlier attempt may still run: ``Pod demo-venue-k3v7q``."""
        return tuple(
            f"{kind} {name}"
            for (kind, name), each in sorted(self.observed.children.items())
            if kind in build.RUNNING_KINDS and _label(each, names.RUN_LABEL) != self.run.run_id
        )

    @property
    def is_clear(self) -> bool:
        """Whether nothing of an earlier attempt runs any more: two runs never meet."""
        return not self.lingering

    @functools.cached_property
    def job(self) -> Object | None:
        """The Conductor's Job, or None."""
        return self.observed.children.get(("Job", self.run.child(names.CONDUCTOR)))

    @functools.cached_property
    def conductor_pods(self) -> tuple[Object, ...]:
        """The Conductor's pod; at most one, but for a moment in which one follows another.

        One whose Job is gone goes with it, and with it what it has to say.
        """
        if self.job is None:
            return ()
        return self._pods(names.COMPONENT_LABEL, names.CONDUCTOR)

    @functools.cached_property
    def group_pods(self) -> tuple[Object, ...]:
        """The pods of all Groups."""
        return tuple(
            pod
            for group in self.run.plan.groups
            for pod in self._pods(names.GROUP_LABEL, group.name)
        )

    @property
    def ending(self) -> Ending | None:
        """How the Conductor ended, or None while it has not."""
        return endings.of_conductor(self.job, self.conductor_pods)

    @functools.cached_property
    def is_concluding(self) -> bool:
        """Whether there is a Conductor that can still write down what it has."""
        return self.job is not None and any(
            "running" in (each.get("state") or {})
            for pod in self.conductor_pods
            if "deletionTimestamp" not in pod["metadata"]
            for each in fates.container_statuses(pod.get("status") or {})
            if each["name"] == names.CONDUCTOR
        )

    @property
    def is_driven(self) -> bool:
        """Whether somebody drives the units: a Conductor that runs; a provider's start alone."""
        return self.run.plan.is_provider or self.is_concluding

    def seems_alive(self, unit: str) -> bool:
        """Says whether the container of ``unit`` (``group/unit``) runs, as far as is known."""
        group, _, name = unit.partition("/")
        return any(
            each["name"] == name and "running" in (each.get("state") or {})
            for pod in self._pods(names.GROUP_LABEL, group)
            for each in fates.container_statuses(pod.get("status") or {})
        )

    def count(self, test: Any) -> int:
        """Returns how many Groups have a pod that passes ``test``."""
        return sum(
            any(test(pod) for pod in self._pods(names.GROUP_LABEL, group.name))
            for group in self.run.plan.groups
        )

    def nodes(self) -> str:
        """Returns the names of the nodes of all pods: ``node-a,node-b``."""
        pods = (*self.group_pods, *self.conductor_pods)
        found = {(pod.get("spec") or {}).get("nodeName") for pod in pods}
        return ",".join(sorted(name for name in found if name))

    def fates(self) -> list[Fate]:
        """Returns everything that befell the run; a provider outlives what befalls its pods."""
        found = [*self._refusals(), *self._running()]
        if self.run.plan.is_provider:
            lasting = reasons.INVALID_SPEC
            return [
                each if each.reason == lasting else dataclasses.replace(each, fatal=False)
                for each in found
            ]
        return [*found, *self._conducting()]

    def _pods(self, label: str, value: str) -> tuple[Object, ...]:
        return tuple(
            each
            for (kind, _), each in sorted(self.observed.children.items())
            if kind == "Pod"
            and _label(each, names.RUN_LABEL) == self.run.run_id
            and _label(each, label) == value
        )

    def _running(self) -> Iterator[Fate]:
        """Yields what befell the pods of the Groups."""
        for group in self.run.plan.groups:
            pods = self._pods(names.GROUP_LABEL, group.name)
            if not pods and self.begun and not self.run.plan.is_provider:
                name = self.run.child(group.name)
                text = f"{group.name}: somebody deleted pod {name}"
                yield Fate(reasons.CHILD_DELETED, text, fatal=True)
            for pod in pods:
                yield from fates.of_pod(pod, group.name)
                if not fates.all_started(pod):
                    yield from self._unmounted(pod, group.name)
            yield from self._replicas(group.name)

    def _replicas(self, group: str) -> Iterator[Fate]:
        made = self.observed.children.get(("Deployment", self.run.child(group)))
        if made is None or (failed := fates.condition(made, "ReplicaFailure")) is None:
            return
        yield _not_made(group, failed.get("message", ""))

    def _conducting(self) -> Iterator[Fate]:
        """Yields what befell the Conductor's Job and its pod."""
        name = self.run.child(names.CONDUCTOR)
        if self.job is None:
            if self.begun:
                text = f"somebody deleted the Conductor's Job {name}"
                yield Fate(reasons.CHILD_DELETED, text, fatal=True)
            return
        for pod in self.conductor_pods:
            yield from fates.of_pod(pod, names.CONDUCTOR, apart=names.CONDUCTOR)
            if not fates.all_started(pod):
                yield from self._unmounted(pod, names.CONDUCTOR)
        if (fate := endings.of_job(self.job, self.conductor_pods)) is not None:
            yield fate
        for each in self.observed.warnings:
            mine = (each.kind, each.name) == ("Job", name)
            if mine and each.reason in _NOT_MADE and not self.conductor_pods:
                yield _not_made(names.CONDUCTOR, each.message)

    def _unmounted(self, pod: Object, where: str) -> Iterator[Fate]:
        """Yields that a volume of ``pod`` cannot be mounted: its Secret or claim is missing."""
        for each in self.observed.warnings:
            if (each.kind, each.name) != ("Pod", pod["metadata"]["name"]):
                continue
            if each.reason in _NOT_MOUNTED:
                sink = where == names.CONDUCTOR and self.run.sink.kind == "pvc"
                reason = reasons.SINK_UNAVAILABLE if sink else reasons.COMPONENT_FAILED
                yield Fate(reason, f"{where}: {fates.cut(each.message)}", fatal=False)

    def _refusals(self) -> Iterator[Fate]:
        """Yields which objects could not be made; those that are there by now do not count."""
        missing = {build.key(made) for made in self.missing}
        for each in self.observed.refused:
            if (each.kind, each.name) not in missing or each.reason in _SILENT:
                continue
            known = _WRITE_REASONS.get(each.reason, Fate(reasons.REFUSED, "", fatal=False))
            text = f"{each.kind} {each.name} was refused: {fates.cut(each.message)}"
            yield dataclasses.replace(known, message=text)


def owned(children: Mapping[Key, Object]) -> list[Key]:
    """Returns the children that the Experiment itself owns, not its Jobs and Deployments."""
    return [
        key
        for key, each in children.items()
        if any(owner.get("kind") == "Experiment" for owner in _owners(each))
    ]


def _owners(thing: Object) -> Sequence[Object]:
    found: Sequence[Object] = thing["metadata"].get("ownerReferences") or ()
    return found


def _label(thing: Object, name: str) -> str:
    return str((thing["metadata"].get("labels") or {}).get(name, ""))


def _not_made(where: str, message: str) -> Fate:
    reason = reasons.QUOTA_EXCEEDED if _QUOTA_WORD in message else reasons.REFUSED
    return Fate(reason, f"{where}: its pod was refused: {fates.cut(message)}", fatal=False)
