"""Between groups there is TLS with both sides verified: tried by clients that lack something."""

import base64
import contextlib
import json
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator

import pytest
from chart import rendering

from cluster import shell
from tickwork.unit import unit as units

SECRET = "tickwork-unit-tls"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
SETTINGS = 4
EXPERIMENT = {
    "apiVersion": "tickwork.dev/v1alpha1",
    "kind": "Experiment",
    "metadata": {"name": "private"},
    "spec": {
        "durationSeconds": 240,
        "pipeline": {
            "venue": {
                "name": "binance-usdm",
                "instruments": ["BTCUSDT"],
                "twin": {"engine": {"messagesPerSecond": 200}},
            },
            "publish": {"tcp": {}},
            "consumers": [{"name": "far", "transport": "tcp", "group": "far"}],
        },
    },
}


@pytest.fixture(scope="module")
def room() -> Iterator[str]:
    """A namespace with an operator and a run in it, whose book goes from group to group by tcp."""
    if shutil.which("helm") is None:
        pytest.skip("helm is not on the PATH; the operator cannot be installed without it")
    with shell.namespace("private") as namespace:
        shell.Release(namespace).bring("--set", "test.enabled=false")
        shell.kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(EXPERIMENT))
        shell.wait("units started", lambda: _running(namespace), 240)
        yield namespace


def _running(namespace: str) -> bool:
    phase = "jsonpath={.status.progress.phase}"
    return shell.kubectl("get", "exp", "private", "-n", namespace, "-o", phase) == "Running"


@contextlib.contextmanager
def _port(namespace: str, group: str, name: str) -> Iterator[int]:
    """Yields a port of this machine that leads to the port ``name`` of the pod of ``group``."""
    (pod,) = shell.get("pods", "-n", namespace, "-l", f"tickwork.dev/group={group}")["items"]
    ports = [port for each in pod["spec"]["containers"] for port in each["ports"]]
    (number,) = [port["containerPort"] for port in ports if port["name"] == name]
    command = ["kubectl", "port-forward", "-n", namespace, f"pod/{pod['metadata']['name']}"]
    with subprocess.Popen([*command, f":{number}"], stdout=subprocess.PIPE, text=True) as made:
        try:
            assert made.stdout is not None
            found = re.search(r":(\d+) ->", made.stdout.readline())
            assert found is not None, "kubectl port-forward did not say where"
            yield int(found.group(1))
        finally:
            made.terminate()


def _say(port: int, context: ssl.SSLContext | None, said: bytes) -> bytes:
    """Returns the first bytes that whoever listens answers to ``said``; empty where refused."""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as plain:
            plain.settimeout(5)
            if context is None:
                return _exchange(plain, said)
            with context.wrap_socket(plain, server_hostname=units.SERVER_NAME) as safe:
                return _exchange(safe, said)
    except (ssl.SSLError, ConnectionError, TimeoutError):
        return b""


def _exchange(held: socket.socket, said: bytes) -> bytes:
    held.sendall(said)
    return held.recv(64)


@pytest.fixture
def contexts(room: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, ssl.SSLContext]:
    """Clients by what they have: the namespace's certificate, none, or one of somebody else."""
    mine = _files(shell.get("secret", SECRET, "-n", room)["data"], tmp_path_factory)
    foreign = rendering.render()["Secret", "tickwork", SECRET]["data"]
    other = _files(foreign, tmp_path_factory)
    return {
        "a unit": _context(mine, mine),
        "nobody": _context(mine, None),
        "a unit of another namespace": _context(mine, other),
    }


def _files(data: dict[str, str], factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = factory.mktemp("certificates")
    for name, text in data.items():
        (folder / name).write_bytes(base64.b64decode(text))
    return folder


def _context(authority: pathlib.Path, mine: pathlib.Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority / "ca.crt"))
    if mine is not None:
        context.load_cert_chain(mine / "tls.crt", mine / "tls.key")
    return context


def _greets(answer: bytes) -> bool:
    """Says whether an HTTP/2 server's first frame came back."""
    return len(answer) >= 9 and answer[3] == SETTINGS


def test_control_answers_units_of_the_namespace_alone(
    room: str, contexts: dict[str, ssl.SSLContext]
) -> None:
    for each in contexts.values():
        each.set_alpn_protocols(["h2"])
    with _port(room, "pipeline", "control-book") as port:
        assert _greets(_say(port, contexts["a unit"], PREFACE))
        assert not _greets(_say(port, None, PREFACE)), "Control talks to a client without TLS"
        for who in ("nobody", "a unit of another namespace"):
            assert not _greets(_say(port, contexts[who], PREFACE)), f"Control talks to {who}"


def test_a_link_between_groups_answers_units_of_the_namespace_alone(
    room: str, contexts: dict[str, ssl.SSLContext]
) -> None:
    with _port(room, "pipeline", "tcp-publisher") as port:
        assert b'"instrument"' in _say(port, contexts["a unit"], b"")
        assert b'"instrument"' not in _say(port, None, b""), "the book is read without TLS"
        for who in ("nobody", "a unit of another namespace"):
            assert b'"instrument"' not in _say(port, contexts[who], b""), f"{who} reads the book"


def test_the_run_is_not_disturbed_by_those_who_were_refused(room: str) -> None:
    assert _running(room)
    pods = shell.get("pods", "-n", room, "-l", "tickwork.dev/experiment=private")["items"]
    counts = [
        status["restartCount"] for pod in pods for status in pod["status"]["containerStatuses"]
    ]
    assert sum(counts) == 0
