"""The operator as a process of this machine, with a service account of least privilege."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from ports import free_port
from tickwork_operator import resources

NAME = "operator-under-test"
TICKS = os.sysconf("SC_CLK_TCK")
TOKEN_SECONDS = 7200
STILL_SECONDS = 8


class Operator:
    """One operator for one namespace, or for others beside; may be killed and started again."""

    def __init__(self, space, folder, images, entry=("-m", "tickwork_operator"), others=()):
        self.spaces = [space, *others]
        self.space = space
        self.folder = pathlib.Path(folder)
        self.entry = list(entry)
        self.process = None
        self.log = self.folder / "operator.log"
        self.metrics_port, self.health_port = free_port(), free_port()
        self._config = self.folder / "kubeconfig"
        self._options = self.folder / "operator.json"
        self._grant()
        self.configure(images)

    def configure(self, images, **more):
        options = {
            "images": images,
            "pullPolicy": "IfNotPresent",
            "tlsSecret": None,
            "namespaces": [each.name for each in self.spaces],
            "metricsPort": self.metrics_port,
            "healthPort": self.health_port,
            **more,
        }
        self._options.write_text(json.dumps(options))

    def _grant(self):
        """Makes the account with the rules of ``resources`` and no others, and its kubeconfig."""
        api, group = self.space.api, "rbac.authorization.k8s.io"
        account = {"name": NAME, "namespace": self.space.name}
        api.create({"kind": "ServiceAccount", "metadata": account})
        subject = {"kind": "ServiceAccount", **account}
        role = {"apiGroup": group, "kind": "Role", "name": NAME}
        for each in self.spaces:
            where = {"name": NAME, "namespace": each.name}
            api.create({"kind": "Role", "metadata": where, "rules": resources.rules()})
            binding = {"kind": "RoleBinding", "metadata": where, "roleRef": role}
            api.create({**binding, "subjects": [subject]})
        asked = {"spec": {"expirationSeconds": TOKEN_SECONDS}}
        path = resources.KINDS["ServiceAccount"].path(self.space.name, NAME, "token")
        token = api.call("POST", path, asked)["status"]["token"]
        server = {"server": api.access.server, "certificate-authority": api.access.ca_file}
        context = {"cluster": "c", "user": "u"}
        written = {
            "current-context": "x",
            "clusters": [{"name": "c", "cluster": server}],
            "users": [{"name": "u", "user": {"token": token}}],
            "contexts": [{"name": "x", "context": context}],
        }
        self._config.write_text(json.dumps(written))

    def start(self, *words):
        command = [sys.executable, *self.entry, *words, "--options", str(self._options)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, env={**os.environ, "KUBECONFIG": str(self._config)}
            )
        return self

    def wait_ready(self, seconds=60):
        self.space.until(self.is_ready, seconds, f"the operator ready; {self.tail()}")
        return self

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the operator ended: {self.tail()}")
        return self.ask("readyz") == "ok"

    def ask(self, path):
        try:
            where = f"http://127.0.0.1:{self.health_port}/{path}"
            with urllib.request.urlopen(where, timeout=5) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.read().decode()
        except OSError:
            return None

    def metrics(self):
        where = f"http://127.0.0.1:{self.metrics_port}/metrics"
        with urllib.request.urlopen(where, timeout=5) as answer:
            lines = answer.read().decode().split("\n")
        pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    def writes(self):
        """Returns how many requests that are no reading it has made."""
        found = self.metrics()
        return sum(v for k, v in found.items() if "request_seconds_count" in k and "GET" not in k)

    def assert_still(self):
        """Fails where it writes anything within some seconds."""
        before = self.writes()
        with pytest.raises(AssertionError, match="a write"):
            self.space.until(lambda: self.writes() > before, STILL_SECONDS, "a write")

    def kill(self):
        """Ends the process at once, as a node's failure would."""
        self._end(signal.SIGKILL)

    def stop(self):
        """Ends the process as the kubelet does; returns how many seconds it took."""
        began = time.monotonic()
        self._end(signal.SIGTERM)
        return time.monotonic() - began

    def _end(self, how):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(20)

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2]
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / TICKS

    def memory_mib_max(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(each for each in text.split("\n") if each.startswith("VmHWM"))
        return int(line.split()[1]) / 1024

    def tail(self):
        return self.log.read_text()[-3000:] if self.log.exists() else ""
