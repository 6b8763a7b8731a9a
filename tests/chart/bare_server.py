"""An API server of its own, with its store and without nodes: an empty cluster, for a minute.

It listens on loopback and is gone afterwards. Nothing runs on it; what is asked of it is kept.
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import time
from collections.abc import Iterator

import ports
import yaml

PROGRAMS = ("etcd", "kube-apiserver", "openssl", "kubectl")
START_SECONDS = 60
TOKEN = "of-a-test"


def missing() -> list[str]:
    return [each for each in PROGRAMS if shutil.which(each) is None]


@contextlib.contextmanager
def running(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """Starts both; yields the kubeconfig of their administrator."""
    client, peer, port = (ports.free_port() for _ in range(3))
    kubeconfig = _write(folder, port)
    store, server = _commands(folder, client, peer, port)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_process(store, folder / "etcd.log"))
        held = stack.enter_context(_process(server, folder / "server.log"))
        _wait(kubeconfig, held, folder)
        yield kubeconfig


def _commands(
    folder: pathlib.Path, client: int, peer: int, port: int
) -> tuple[list[str], list[str]]:
    at = f"http://127.0.0.1:{client}"
    between = f"http://127.0.0.1:{peer}"
    store = ["etcd", "--data-dir", f"{folder}/etcd", "--unsafe-no-fsync"]
    store += ["--listen-client-urls", at, "--advertise-client-urls", at]
    store += ["--listen-peer-urls", between, "--initial-advertise-peer-urls", between]
    store += ["--initial-cluster", f"default={between}"]
    server = ["kube-apiserver", "--etcd-servers", at, "--secure-port", str(port)]
    server += ["--bind-address", "127.0.0.1", "--advertise-address", "192.0.2.1"]
    server += ["--endpoint-reconciler-type", "none"]
    server += ["--cert-dir", f"{folder}/certificates", "--authorization-mode", "RBAC"]
    server += ["--token-auth-file", f"{folder}/tokens.csv"]
    server += ["--service-account-issuer", "https://kubernetes.default.svc"]
    server += ["--service-account-key-file", f"{folder}/accounts.key"]
    server += ["--service-account-signing-key-file", f"{folder}/accounts.key"]
    server += ["--service-cluster-ip-range", "10.96.0.0/24"]
    return store, server


def _write(folder: pathlib.Path, port: int) -> pathlib.Path:
    subprocess.run(
        ["openssl", "genrsa", "-out", f"{folder}/accounts.key", "2048"],
        check=True,
        capture_output=True,
    )
    (folder / "tokens.csv").write_text(f'{TOKEN},admin,1,"system:masters"\n')
    kubeconfig = folder / "kubeconfig"
    cluster = {"server": f"https://127.0.0.1:{port}", "insecure-skip-tls-verify": True}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "bare", "cluster": cluster}],
        "users": [{"name": "admin", "user": {"token": TOKEN}}],
        "contexts": [{"name": "bare", "context": {"cluster": "bare", "user": "admin"}}],
        "current-context": "bare",
    }
    kubeconfig.write_text(yaml.safe_dump(config))
    kubeconfig.chmod(0o600)
    return kubeconfig


@contextlib.contextmanager
def _process(command: list[str], log: pathlib.Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        made = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        yield made
    finally:
        made.terminate()
        try:
            made.wait(10)
        except subprocess.TimeoutExpired:
            made.kill()
            made.wait()


def _wait(kubeconfig: pathlib.Path, server: subprocess.Popen[bytes], folder: pathlib.Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    asked = ["kubectl", "get", "namespace", "default"]
    environment = {**os.environ, "KUBECONFIG": str(kubeconfig)}
    while subprocess.run(asked, env=environment, capture_output=True, check=False).returncode != 0:
        log = (folder / "server.log").read_text()[-2000:]
        assert server.poll() is None, f"the API server ended: {log}"
        assert time.monotonic() < deadline, f"the API server does not answer: {log}"
        time.sleep(0.5)
