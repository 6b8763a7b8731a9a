"""What a Conductor's pod says to its cluster: how far its own Experiment is, and nothing else.

One request of the standard library does it; a client of all of Kubernetes would only make the
image larger.
"""

import dataclasses
import http.client
import json
import pathlib
import ssl
import threading
from collections.abc import Mapping
from typing import Any

from tickwork import clock

SERVICE_ACCOUNT = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount")
API = "tickwork.dev/v1alpha1"
MANAGER = "tickwork-conductor"
PATCH_EVERY_NS = 1_000_000_000
REQUEST_SECONDS_MAX = 5.0
# Answers are error texts of a few hundred bytes; nobody reads more of them.
ANSWER_BYTES_MAX = 2048


@dataclasses.dataclass(frozen=True)
class Access:
    """How a pod reaches the API server: by the name that every cluster has, as its own account."""

    host: str = "kubernetes.default.svc"
    port: int = 443
    account: pathlib.Path = SERVICE_ACCOUNT


def find_access() -> Access | None:
    """Returns this pod's access, or None where this process has no account of a cluster."""
    access = Access()
    return access if (access.account / "token").exists() else None


class ProgressWriter:
    """Writes ``status.progress`` of one Experiment: the newest, at most once a second.

    The writing has a thread of its own, so that a slow API server slows nobody; what cannot be
    written is counted in ``failed``, with the last reason in ``reason``.
    """

    def __init__(self, access: Access, namespace: str, name: str) -> None:
        self._access = access
        self._path = (
            f"/apis/{API}/namespaces/{namespace}/experiments/{name}/status"
            f"?fieldManager={MANAGER}&force=true"
        )
        self._name = name
        self._changed = threading.Condition()
        self._newest: Mapping[str, Any] | None = None
        self._ending = False
        self.written = 0
        self.failed = 0
        self.reason = ""
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)
        self._thread.start()

    def tell(self, progress: Mapping[str, Any]) -> None:
        """Hands over how far the run is; replaces what was not written yet."""
        with self._changed:
            self._newest = dict(progress)
            self._changed.notify()

    def close(self) -> None:
        """Writes the newest that is left and ends, within the bound of one request."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join(2 * REQUEST_SECONDS_MAX)

    def _run(self) -> None:
        next_ns = 0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._newest is not None or self._ending)
                rest_ns = next_ns - clock.now_mono_ns()
                if rest_ns > 0 and not self._ending:
                    self._changed.wait_for(lambda: self._ending, rest_ns / 1e9)
                progress, self._newest = self._newest, None
            if progress is None:
                return
            next_ns = clock.now_mono_ns() + PATCH_EVERY_NS
            self._write(progress)

    def _write(self, progress: Mapping[str, Any]) -> None:
        try:
            self._patch(progress)
            self.written += 1
        except (OSError, http.client.HTTPException) as error:
            self.failed += 1
            self.reason = str(error) or type(error).__name__

    def _patch(self, progress: Mapping[str, Any]) -> None:
        body = {
            "apiVersion": API,
            "kind": "Experiment",
            "metadata": {"name": self._name},
            "status": {"progress": progress},
        }
        # A token is replaced from time to time: it is read anew for each request.
        token = (self._access.account / "token").read_text().strip()
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/apply-patch+yaml",
            "Accept": "application/json",
        }
        context = ssl.create_default_context(cafile=str(self._access.account / "ca.crt"))
        connection = http.client.HTTPSConnection(
            self._access.host, self._access.port, timeout=REQUEST_SECONDS_MAX, context=context
        )
        try:
            connection.request("PATCH", self._path, json.dumps(body), headers)
            answer = connection.getresponse()
            said = answer.read(ANSWER_BYTES_MAX).decode(errors="replace")
        finally:
            connection.close()
        if answer.status >= 300:
            raise OSError(f"the API server answered {answer.status}: {_message(said)}")


def _message(said: str) -> str:
    """Returns the sentence of a Status object, or the answer as it came."""
    try:
        return str(json.loads(said)["message"])
    except (ValueError, KeyError, TypeError):
        return said.strip()
