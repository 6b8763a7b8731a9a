"""Rendering the chart, as the tests of this folder need it."""

import pathlib
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "tickwork"
KIND = "tickwork.dev/v1alpha1/Experiment"

Values = Mapping[str, Any]
Objects = dict[tuple[str, str, str], dict[str, Any]]

DIGEST = "sha256:" + "a" * 64
FULL: Values = {
    "extraLabels": {"team": "markets"},
    "imagePullSecrets": [{"name": "pull"}],
    "image": {"digest": dict.fromkeys(("operator", "conductor", "services"), DIGEST)},
    "watch": {"namespaced": True, "namespaces": ["lab", "tickwork"]},
    "operator": {
        "priorityClassName": "system-cluster-critical",
        "nodeSelector": {"topology.kubernetes.io/region": "region-a"},
        "affinity": {"nodeAffinity": {}},
        "tolerations": [{"key": "dedicated", "operator": "Exists"}],
        "podLabels": {"tier": "control"},
        "podAnnotations": {"note": "x"},
    },
    "serviceAccount": {"annotations": {"note": "x"}},
    "rbac": {"aggregate": True},
    "sink": {"kind": "pvc", "claim": "results", "create": True, "storageClassName": "fast"},
    "podDisruptionBudget": {"enabled": True},
    "venueTwin": {"enabled": True},
    "monitoring": {
        "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "podMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}},
        "dashboards": {"enabled": True},
    },
}
"""Everything that can be on at once, is."""


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["helm", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def template(values: Values | None = None, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs ``helm template`` as release and namespace tickwork, whatever comes of it."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(dict(values or {}), file)
        file.flush()
        command = ["template", "tickwork", str(CHART), "-n", "tickwork", "-f", file.name]
        return helm(*command, *arguments)


def text(values: Values | None = None, *arguments: str) -> str:
    made = template(values, *arguments)
    assert made.returncode == 0, made.stderr
    return made.stdout


def render(values: Values | None = None, *arguments: str) -> Objects:
    """Returns what the chart makes, by (kind, namespace, name)."""
    return objects(text(values, *arguments))


def objects(stream: str) -> Objects:
    found: Objects = {}
    for each in yaml.load_all(stream, Loader=yaml.CSafeLoader):
        if each:
            head = each["metadata"]
            found[each["kind"], head.get("namespace", ""), head["name"]] = each
    return found


def pods(made: Objects) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yields (metadata, spec) of every pod that the chart makes, at once or through an owner."""
    for (kind, _, _), value in made.items():
        if kind == "Pod":
            yield value["metadata"], value["spec"]
        elif kind in {"Deployment", "Job", "DaemonSet"}:
            inside = value["spec"]["template"]
            yield inside["metadata"], inside["spec"]
