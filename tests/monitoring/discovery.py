"""Pods as targets for Prometheus, labelled as its own discovery of pods labels them.

Distributions' builds of Prometheus have no discovery of Kubernetes. This stands in for it, so that
the shipped relabelling is what chooses and names the targets, in every Prometheus.
"""

import json
import pathlib
import re
import threading
from typing import Any

from cluster import shell

EVERY_SECONDS = 1.0
_OTHER = re.compile(r"[^a-zA-Z0-9_]")


def targets_of(pods: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns one target for every declared port of every pod that has an address."""
    return [
        {"targets": [f"{pod['status']['podIP']}:{port['containerPort']}"], "labels": labels}
        for pod in pods
        if pod["status"].get("podIP")
        for container in pod["spec"]["containers"]
        for port in container.get("ports", ())
        for labels in [_labels(pod, container, port)]
    ]


def _labels(pod: dict[str, Any], container: dict[str, Any], port: dict[str, Any]) -> dict[str, str]:
    head = pod["metadata"]
    return {
        "__meta_kubernetes_namespace": head["namespace"],
        "__meta_kubernetes_pod_name": head["name"],
        "__meta_kubernetes_pod_node_name": pod["spec"].get("nodeName", ""),
        "__meta_kubernetes_pod_phase": pod["status"]["phase"],
        "__meta_kubernetes_pod_container_name": container["name"],
        "__meta_kubernetes_pod_container_port_name": port.get("name", ""),
    } | {
        f"__meta_kubernetes_pod_label_{_OTHER.sub('_', name)}": value
        for name, value in head.get("labels", {}).items()
    }


class Discovery:
    """Keeps one file of targets as the cluster changes, until closed."""

    def __init__(self, path: pathlib.Path, namespace: str, selector: str) -> None:
        self._path = path
        self._asked = ("pods", "-n", namespace, "-l", selector)
        self._ending = threading.Event()
        self.failure: str | None = None
        path.write_text("[]")
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread."""
        self._ending.set()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        while not self._ending.wait(EVERY_SECONDS):
            try:
                found = targets_of(shell.get(*self._asked)["items"])
            except AssertionError as error:
                # The API server may be away for a moment; a test that finds nothing shows this.
                self.failure = str(error)
                continue
            part = self._path.with_suffix(".part")
            part.write_text(json.dumps(found))
            part.replace(self._path)
