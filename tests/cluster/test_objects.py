"""The API server takes every object that the operator makes, under Pod Security ``restricted``."""

import copy
import json
import secrets
from collections.abc import Iterator
from typing import Any

import model_cluster
import pytest
import yaml
from tickwork_operator.objects import build, run

from cluster import shell

WISHES = model_cluster.ROOT / "tests" / "golden" / "operator" / "wishes.yaml"


@pytest.fixture
def namespace() -> Iterator[str]:
    name = f"objects-{secrets.token_hex(3)}"
    shell.kubectl("create", "namespace", name)
    shell.kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
    yield name
    shell.kubectl("delete", "namespace", name, "--wait=false")


def made(body: dict[str, Any], namespace: str) -> list[dict[str, Any]]:
    body["metadata"]["namespace"] = namespace
    return [
        copy.deepcopy(each) for each in build.build_all(run.read(body, 1, model_cluster.OPTIONS))
    ]


def arms() -> dict[str, Any]:
    body = model_cluster.experiment()
    body["spec"]["arms"] = [
        {"name": "a-rather-long-name", "set": {"pipeline.placement": "fused"}},
        {"name": "b", "set": {"pipeline.placement": "split"}},
    ]
    body["metadata"]["name"] = "2-experiments-with-the-longest-name-00001"[:40].rstrip("-")
    body["spec"]["pipeline"]["publish"] = {"name": "short"}
    body["spec"]["pipeline"]["consumers"] = [{"name": "shm", "transport": "shm"}]
    return body


def wishes() -> dict[str, Any]:
    asked = yaml.safe_load(WISHES.read_text()) | {"profile": "restricted"}
    # Classes that this cluster does not have are refused by admission, not by the schema.
    for name in ("priorityClassName", "runtimeClassName"):
        del asked["groups"]["pipeline"][name]
    return model_cluster.experiment(**asked)


@pytest.mark.parametrize("make", [model_cluster.experiment, model_cluster.provider, arms, wishes])
def test_the_api_server_takes_every_object(make: Any, namespace: str) -> None:
    objects = made(make(), namespace)
    text = "\n---\n".join(json.dumps(each) for each in objects)
    command = ("kubectl", "apply", "--server-side", "--dry-run=server", "-f", "-")
    answer = shell.attempt(*command, stdin=text)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.count("serverside-applied") == len(objects)
    assert "Warning" not in answer.stderr, answer.stderr
