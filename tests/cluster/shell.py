"""kubectl and helm, as tests call them; namespaces that enforce Pod Security ``restricted``."""

import base64
import contextlib
import json
import os
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

from chart import rendering

PAUSE_SECONDS = 0.5


def run(*command: str, stdin: str | None = None, check: bool = True, seconds: float = 300) -> str:
    """Runs ``command``; returns what it said, or fails with what it said wrong."""
    made = attempt(*command, stdin=stdin, seconds=seconds)
    if check and made.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {made.stderr.strip() or made.stdout.strip()}")
    return made.stdout


def attempt(
    *command: str, stdin: str | None = None, seconds: float = 300
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, check=False, timeout=seconds
    )


def kubectl(*arguments: str, stdin: str | None = None) -> str:
    return run("kubectl", *arguments, stdin=stdin)


def get(*arguments: str) -> Any:
    return json.loads(kubectl("get", *arguments, "-o", "json"))


def names(*arguments: str) -> list[str]:
    return kubectl("get", *arguments, "-o", "name", "--ignore-not-found").split()


def answers() -> bool:
    return attempt("kubectl", "get", "--raw", "/readyz", seconds=20).returncode == 0


def server() -> tuple[str, str]:
    """Returns where the API server is, and the certificate of its authority."""
    shown = kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json")
    held = json.loads(shown)["clusters"][0]["cluster"]
    return held["server"], base64.b64decode(held["certificate-authority-data"]).decode()


def wait(what: str, told: Callable[[], Any], seconds: float = 180) -> Any:
    """Waits until ``told`` returns something true, and returns it."""
    deadline = time.monotonic() + seconds
    while True:
        if found := told():
            return found
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(PAUSE_SECONDS)


@contextlib.contextmanager
def namespace(stem: str) -> Iterator[str]:
    """A namespace of its own that refuses pods which are not restricted; removed afterwards."""
    name = f"{stem}-{secrets.token_hex(3)}"
    kubectl("create", "namespace", name)
    try:
        kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
        yield name
    finally:
        kubectl("delete", "namespace", name, "--wait=false")


class Release:
    """A release of the chart in one namespace."""

    def __init__(self, namespace: str, name: str = "tickwork") -> None:
        self.namespace = namespace
        self.name = name

    def helm(self, verb: str, *arguments: str, **options: Any) -> str:
        return run("helm", verb, self.name, *arguments, "-n", self.namespace, **options)

    def bring(self, *arguments: str) -> str:
        """Installs or upgrades, and waits until all is ready."""
        settings = ["--install", "--wait", "--timeout", "240s"]
        return self.helm("upgrade", str(rendering.CHART), *settings, *images(), *arguments)

    def revision(self) -> int:
        history = json.loads(self.helm("history", "-o", "json"))
        return int(history[-1]["revision"])

    def options(self) -> dict[str, Any]:
        """Returns the operator's options as they stand in the cluster."""
        held = get("configmap", "tickwork-operator", "-n", self.namespace)
        read: dict[str, Any] = json.loads(held["data"]["operator.json"])
        return read

    def operator_pods(self) -> list[dict[str, Any]]:
        selector = "app.kubernetes.io/component=operator,app.kubernetes.io/instance=" + self.name
        items: list[dict[str, Any]] = get("pods", "-n", self.namespace, "-l", selector)["items"]
        return items


def images() -> list[str]:
    """Returns the values that name the images under test: tag IMAGE_TAG, else the chart's own."""
    tag = os.environ.get("IMAGE_TAG")
    return ["--set", f"image.tag={tag}"] if tag else []
