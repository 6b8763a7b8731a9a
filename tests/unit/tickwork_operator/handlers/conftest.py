"""An API server of dictionaries, and objects for it."""

import copy
import types
from typing import Any

import pytest
from tickwork_operator import resources, telemetry
from tickwork_operator.handlers import means, queue
from tickwork_operator.handlers import view as views
from tickwork_operator.objects import names, options

from tickwork import errors

Object = dict[str, Any]


class FakeLogger:
    """Keeps what was said."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Object]] = []

    def __getattr__(self, level: str) -> Any:
        return lambda text, **more: self.said.append((text, more))


class FakeCluster:
    """What ``cluster.Cluster`` does, on a dictionary; ``refusals`` are raised instead, in order."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], Object] = {}
        self.calls: list[tuple[str, str, str]] = []
        self.refusals: list[tuple[str, errors.ClusterError]] = []
        self.version = 100

    def put(self, body: Object) -> Object:
        self.version += 1
        metadata = {"uid": f"uid-{self.version}", **body["metadata"]}
        metadata["resourceVersion"] = str(self.version)
        made = {**copy.deepcopy(body), "metadata": metadata}
        self.objects[_place(made)] = made
        return copy.deepcopy(made)

    def _note(self, verb: str, kind: str, name: str) -> None:
        self.calls.append((verb, kind, name))
        if self.refusals and self.refusals[0][0] in {verb, f"{verb} {kind}"}:
            raise self.refusals.pop(0)[1]

    async def create(self, body: Object) -> Object:
        self._note("create", body["kind"], body["metadata"]["name"])
        if _place(body) in self.objects:
            raise errors.ClusterError("create", 409, "AlreadyExists", "there is one")
        return self.put(body)

    async def apply(self, body: Object, uid: str, subresource: str = "") -> Object:
        self._note("apply", body["kind"], body["metadata"]["name"])
        there = self.objects.get(_place(body))
        if there is None or there["metadata"]["uid"] != uid:
            raise errors.ClusterError("apply", 409, "Conflict", "other uid")
        return self.put({**there, **body, "metadata": {**there["metadata"], **body["metadata"]}})

    async def apply_status(self, experiment: Object, status: Object) -> Object:
        self._note("status", "Experiment", experiment["metadata"]["name"])
        there = self.objects.get(_place(experiment))
        if there is None:
            raise errors.ClusterError("status", 404, "NotFound", "gone")
        if there["metadata"]["uid"] != experiment["metadata"]["uid"]:
            raise errors.ClusterError("status", 409, "Conflict", "other uid")
        return self.put({**there, "status": status})

    async def read(self, kind: str, namespace: str, name: str) -> Object:
        self._note("read", kind, name)
        return copy.deepcopy(self.objects[kind, namespace, name])

    async def delete(self, kind: str, namespace: str, name: str, uid: str) -> Object:
        self._note("delete", kind, name)
        there = self.objects.get((kind, namespace, name))
        if there is None:
            raise errors.ClusterError("delete", 404, "NotFound", "gone")
        if kind == "Pod":
            metadata = {**there["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}
            return self.put({**there, "metadata": metadata})
        del self.objects[kind, namespace, name]
        return {"kind": "Status"}

    async def list_metadata(
        self, resource: resources.Resource, namespace: str | None, selector: str
    ) -> list[Object]:
        self._note("list", resource.kind, "")
        return [
            {"kind": body["kind"], "metadata": copy.deepcopy(body["metadata"])}
            for body in self.objects.values()
            if body["kind"] == resource.kind and namespace in {None, body["metadata"]["namespace"]}
        ]


def _place(body: Object) -> tuple[str, str, str]:
    return body["kind"], body["metadata"]["namespace"], body["metadata"]["name"]


def experiment(name: str = "demo", uid: str = "e-1", version: int = 1, **more: Any) -> Object:
    """Returns an Experiment as the API shows it."""
    metadata = {
        "name": name,
        "namespace": "lab",
        "uid": uid,
        "resourceVersion": str(version),
        "generation": 1,
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    return {"kind": "Experiment", "metadata": metadata, "spec": {}, **more}


def child(
    kind: str,
    name: str,
    owner: tuple[str, str] = ("Experiment", "e-1"),
    version: int = 1,
    **more: Any,
) -> Object:
    """Returns a child as the API shows it; ``owner`` is (kind, uid)."""
    metadata = {
        "name": name,
        "namespace": "lab",
        "uid": f"u-{name}",
        "resourceVersion": str(version),
        "labels": {names.EXPERIMENT_LABEL: "demo"},
        "ownerReferences": [
            {"kind": owner[0], "uid": owner[1], "name": f"n-{owner[1]}", "controller": True}
        ],
    }
    return {"kind": kind, "metadata": metadata, **more}


def wanted(kind: str, name: str) -> Object:
    """Returns a child as a decision asks for it."""
    body = child(kind, name)
    del body["metadata"]["uid"], body["metadata"]["resourceVersion"]
    return body


@pytest.fixture
def room() -> types.SimpleNamespace:
    """Everything that the living half works with, without a cluster; ``now`` is a clock."""
    metrics = telemetry.Metrics("0")
    waiting = queue.Queue(metrics)
    made = types.SimpleNamespace(now=1_000_000_000_000, api=FakeCluster(), logger=FakeLogger())
    made.means = means.Means(
        api=made.api,  # type: ignore[arg-type]
        view=views.View(metrics),
        waiting=waiting,
        deadlines=queue.Deadlines(waiting, lambda: made.now, metrics),
        options=options.Options(images=options.Images("services", "conductor")),
        metrics=metrics,
        logger=made.logger,
    )
    made.view, made.deadlines, made.waiting = made.means.view, made.means.deadlines, waiting
    made.experiment, made.child, made.wanted = experiment, child, wanted
    return made
