"""What the operator knows of the cluster: the newest known state of every object, by uid.

Three sources correct each other. The watches bring changes. What the API answered to the
operator's own writes counts at once, so that no decision is made on a state older than its own
last word. Listings remove what went away while no watch was looking (kopf does not notice that),
bring what is not watched, and show whether a watch has fallen silent.
"""

import collections
import dataclasses
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from tickwork_operator import decide, resources, telemetry
from tickwork_operator.objects import names

WARNINGS_MAX = 2048
GONE_MAX = 8192

Object = dict[str, Any]


@dataclasses.dataclass
class _Entry:
    """``watched`` is the version that a watch has brought, 0 for none."""

    body: Object
    keys: tuple[Any, ...]
    watched: int = 0


class Sight(NamedTuple):
    """One Experiment, and by (kind, name) all that it owns."""

    experiment: Object
    children: Mapping[tuple[str, str], Object]


class Comparison(NamedTuple):
    """What a listing showed: whose children are other than thought, and what no watch brought."""

    concerned: set[str]
    behind: set[tuple[str, int]]


_BULK = ("data", "binaryData", "spec", "rules", "subjects")


class View:
    """The state of the watched namespaces."""

    def __init__(self, metrics: telemetry.Metrics) -> None:
        self._metrics = metrics
        self._entries: dict[str, _Entry] = {}
        self._uids: dict[Any, set[str]] = collections.defaultdict(set)
        self._missing: dict[resources.Resource, set[str]] = collections.defaultdict(set)
        self._warnings: collections.OrderedDict[str, decide.Refusal] = collections.OrderedDict()
        self._gone: collections.OrderedDict[str, None] = collections.OrderedDict()

    def see(self, body: Object, *, watched: bool = False) -> bool:
        """Takes ``body`` where it is newer than what is known; says whether it was.

        While a definition is replaced, one version may be shown twice: a watch that began before
        leaves out the fields that are new in it. The fuller one counts.
        """
        uid, version = body["metadata"]["uid"], _version(body)
        if uid in self._gone:
            return False
        body = _light(body)
        entry = self._entries.get(uid)
        newer = entry is None or _rank(body) > _rank(entry.body)
        if entry is None:
            entry = self._entries[uid] = _Entry(body, ())
        if watched:
            entry.watched = max(entry.watched, version)
        if newer:
            entry.body = body
            self._file(uid, entry)
        return newer

    def forget(self, uid: str) -> None:
        """Drops an object that is gone; an answer about it that comes late changes nothing."""
        entry = self._entries.pop(uid, None)
        for key in entry.keys if entry is not None else ():
            self._uids[key].discard(uid)
            if not self._uids[key]:
                del self._uids[key]
        self._warnings.pop(uid, None)
        self._gone[uid] = None
        if len(self._gone) > GONE_MAX:
            self._gone.popitem(last=False)

    def knows(self, uid: str) -> bool:
        """Says whether there is anything known of an object."""
        return uid in self._entries

    def experiments(self) -> list[Object]:
        """Returns every Experiment."""
        return [
            entry.body
            for entry in list(self._entries.values())
            if entry.body["kind"] == resources.EXPERIMENT
        ]

    def experiment(self, uid: str) -> Object | None:
        """Returns an Experiment; None where it is gone, or on its way."""
        entry = self._entries.get(uid)
        gone = entry is None or "deletionTimestamp" in entry.body["metadata"]
        return None if gone or entry is None else entry.body

    def sight(self, uid: str) -> Sight | None:
        """Returns an Experiment and all that it owns; None where it is gone, or on its way."""
        experiment = self.experiment(uid)
        if experiment is None:
            return None
        children = {_key(body): body for body in self._filed(uid)}
        for body in list(self._pods_below(experiment, children)):
            children[_key(body)] = body
        return Sight(experiment, children)

    def observed(self, sight: Sight, refused: Iterable[decide.Refusal]) -> decide.Observed:
        """Returns ``sight`` as decisions take it."""
        uids = [each["metadata"]["uid"] for each in sight.children.values()]
        warned = tuple(self._warnings[uid] for uid in uids if uid in self._warnings)
        return decide.Observed(children=sight.children, refused=tuple(refused), warnings=warned)

    def owner_of(self, body: Object) -> str | None:
        """Returns the uid of the Experiment that ``body`` belongs to, itself or at one remove."""
        owner = _controller(body)
        if owner is not None and owner["kind"] == resources.EXPERIMENT:
            return str(owner["uid"])
        for key in _keys(body):
            for uid in self._uids.get(("", *key), ()):
                return uid
        return None

    def owner_of_uid(self, uid: str) -> str | None:
        """Returns the uid of the Experiment that the object ``uid`` belongs to, where known."""
        entry = self._entries.get(uid)
        return None if entry is None else self.owner_of(entry.body)

    def warn(self, uid: str, warning: decide.Refusal) -> None:
        """Notes a Warning Event about the object ``uid``; the oldest is dropped when full."""
        self._warnings[uid] = warning
        self._warnings.move_to_end(uid)
        if len(self._warnings) > WARNINGS_MAX:
            self._warnings.popitem(last=False)
            self._metrics.count_dropped_warning()

    def compare(
        self, resource: resources.Resource, namespace: str | None, listed: Collection[Object]
    ) -> Comparison:
        """Compares with a listing of one kind; what is missing twice in a row is gone.

        Once is not enough: it may have been made while the listing was on its way.
        """
        by_uid = {each["metadata"]["uid"]: each for each in listed}
        concerned = set()
        if not resource.watched:
            concerned |= {self.owner_of(body) for body in listed if self.see(body)}
        missing = {uid for uid in self._known(resource.kind, namespace) if uid not in by_uid}
        for uid in missing & self._missing[resource]:
            self._metrics.count_missed_deletion()
            concerned.add(self.owner_of_uid(uid) or uid)
            self.forget(uid)
        others = self._missing[resource] - set(self._known(resource.kind, namespace))
        self._missing[resource] = missing | (others & set(self._entries))
        behind = {
            (uid, _version(body))
            for uid, body in by_uid.items()
            if resource.watched
            and uid not in self._gone
            and self._watched_version(uid) < _version(body)
        }
        return Comparison({uid for uid in concerned if uid is not None}, behind)

    def _watched_version(self, uid: str) -> int:
        entry = self._entries.get(uid)
        return 0 if entry is None else entry.watched

    def _known(self, kind: str, namespace: str | None) -> list[str]:
        return [
            uid
            for uid, entry in self._entries.items()
            if entry.body["kind"] == kind
            and namespace in {None, entry.body["metadata"]["namespace"]}
        ]

    def _file(self, uid: str, entry: _Entry) -> None:
        for key in entry.keys:
            self._uids[key].discard(uid)
        entry.keys = tuple(_keys(entry.body))
        for key in entry.keys:
            self._uids[key].add(uid)

    def _filed(self, key: Any) -> Iterator[Object]:
        for uid in self._uids.get(key, ()):
            yield self._entries[uid].body

    def _pods_below(
        self, experiment: Object, children: Mapping[tuple[str, str], Object]
    ) -> Iterator[Object]:
        """Yields the Pods of owned Jobs, and of owned Deployments (by way of a ReplicaSet).

        Also those whose owner went before them: until they end, their attempt is not over.
        """
        metadata = experiment["metadata"]
        run = names.run_id(metadata["name"], names.tag(metadata["uid"]))
        jobs = {body["metadata"]["uid"] for (kind, _), body in children.items() if kind == "Job"}
        sets = tuple(f"{name}-" for kind, name in children if kind == "Deployment")
        for body in self._filed((metadata["namespace"], metadata["name"])):
            owner = _controller(body)
            if owner is not None and (
                owner["uid"] in jobs
                or (owner["kind"] == "ReplicaSet" and bool(sets) and owner["name"].startswith(sets))
                or f"{body['metadata']['labels'].get(names.RUN_LABEL)}-".startswith(f"{run}-")
            ):
                yield body


def _keys(body: Object) -> list[Any]:
    """Returns what an object is looked up by.

    A child by its owner's uid, a Pod further down by its namespace and its label, an Experiment
    by its name.
    """
    metadata = body["metadata"]
    if body["kind"] == resources.EXPERIMENT:
        return [("", metadata["namespace"], metadata["name"])]
    owner = _controller(body)
    if owner is not None and owner["kind"] == resources.EXPERIMENT:
        return [owner["uid"]]
    label = metadata.get("labels", {}).get(names.EXPERIMENT_LABEL)
    return [(metadata["namespace"], label)] if owner is not None and label else []


def _light(body: Object) -> Object:
    """Returns ``body`` without what nobody asks for: the contents of what is only listed.

    The recorded Plan is kept whole: a run goes on by the Plan that it was begun with.
    """
    if resources.KINDS[body["kind"]].watched or resources.is_plan(body):
        return body
    return {key: value for key, value in body.items() if key not in _BULK}


def _controller(body: Object) -> Object | None:
    for owner in body["metadata"].get("ownerReferences", ()):
        if owner.get("controller"):
            return dict(owner)
    return None


def _key(body: Object) -> tuple[str, str]:
    return body["kind"], body["metadata"]["name"]


def _rank(body: Object) -> tuple[int, int]:
    """Returns what makes one state of an object count more than another."""
    return _version(body), len(json.dumps(body.get("spec")))


def _version(body: Object) -> int:
    """Returns the version of an object; Kubernetes promises since 1.35 that it is a number."""
    return int(body["metadata"]["resourceVersion"])
