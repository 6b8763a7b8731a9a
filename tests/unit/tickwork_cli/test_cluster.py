import contextlib
import json
import queue
import socket
import threading
from collections.abc import Iterator

import pytest
import websockets.sync.server
from kubernetes.client import exceptions
from tickwork_cli import cluster

from tickwork import errors


def refuse(status: int, body: str) -> errors.TickworkError:
    error = exceptions.ApiException(status=status, reason="Not Found")
    error.body = body
    with pytest.raises(errors.TickworkError) as raised:
        cluster._refuse("Reading Experiment demo", "lab", error)
    return raised.value


def status(message: str) -> str:
    return json.dumps({"kind": "Status", "message": message})


def test_a_cluster_without_the_definition_is_said() -> None:
    told = refuse(404, "404 page not found\n")
    assert isinstance(told, errors.MissingError)
    assert "helm install" in str(told.remedy)


def test_an_experiment_that_is_not_there_is_said() -> None:
    told = refuse(404, status('experiments.tickwork.dev "demo" not found'))
    assert isinstance(told, cluster.GoneError)
    assert '"demo" not found' in told.text


@pytest.mark.parametrize(("code", "remedy"), [(401, "Log in"), (403, "Ask whoever")])
def test_who_is_not_known_logs_in_and_who_may_not_asks(code, remedy) -> None:
    told = refuse(code, status("no"))
    assert isinstance(told, errors.InputError)
    assert remedy in str(told.remedy)


def test_a_name_that_is_taken_is_told_from_other_refusals() -> None:
    assert isinstance(refuse(409, status("already exists")), cluster.TakenError)
    assert not isinstance(refuse(422, status("Invalid value")), cluster.TakenError)


@pytest.mark.parametrize("code", [0, 429, 500, 503])
def test_a_server_that_cannot_answer_now_is_told_from_one_that_refuses(code) -> None:
    told = refuse(code, status("etcdserver: leader changed"))
    assert isinstance(told, cluster.AWAY)
    assert told.exit_code == 1


@contextlib.contextmanager
def serving(answer: bytes, asked: list[bytes] | None = None) -> Iterator[int]:
    """A server that answers the first request with ``answer``, or never where it is empty.

    ``asked`` takes the request.
    """
    with socket.create_server(("127.0.0.1", 0)) as server, contextlib.ExitStack() as held:

        def serve() -> None:
            way = held.enter_context(server.accept()[0])
            if answer:
                request = way.recv(1 << 16)
                while asked is not None and b"}}" not in request:
                    request += way.recv(1 << 16)
                if asked is not None:
                    asked.append(request)
                way.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def of_port(tmp_path, monkeypatch, port: int) -> cluster.Cluster:
    """A cluster whose API server is the ``port`` of this machine."""
    file = tmp_path / "kubeconfig"
    config = {
        "current-context": "lab",
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "me"}}],
        "clusters": [{"name": "lab", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "me", "user": {"token": "of-a-test"}}],
    }
    file.write_text(json.dumps(config))
    place = "kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION"
    monkeypatch.setattr(place, str(file))
    return cluster.Cluster(namespace="lab")


def test_a_way_that_nobody_opens_is_given_up_in_one_sentence(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(cluster, "FORWARD_SECONDS", 0.1)
    with serving(b"") as port:
        on = of_port(tmp_path, monkeypatch, port)
        with (
            pytest.raises(errors.MissingError, match="Opening a way to port 8080 of demo") as told,
            on.forward("demo", 8080),
        ):
            pass
    assert "does not answer" in told.value.text
    assert "\n" not in told.value.text


def test_a_way_that_is_refused_says_the_server_s_own_words(tmp_path, monkeypatch) -> None:
    body = status('pods "demo" is forbidden').encode()
    head = f"HTTP/1.1 403 Forbidden\r\nContent-Length: {len(body)}\r\n\r\n"
    with serving(head.encode() + body) as port:
        on = of_port(tmp_path, monkeypatch, port)
        with pytest.raises(errors.InputError) as told, on.forward("demo", 8080):
            pass
    assert told.value.text.endswith('is not allowed: pods "demo" is forbidden')
    assert "Ask whoever" in told.value.remedy


def test_a_way_to_a_pod_that_is_gone_says_so_in_its_node_s_plain_words(
    tmp_path, monkeypatch
) -> None:
    body = b"pod does not exist\n"
    head = f"HTTP/1.1 404 Not Found\r\nContent-Length: {len(body)}\r\n\r\n"
    with serving(head.encode() + body) as port:
        on = of_port(tmp_path, monkeypatch, port)
        with pytest.raises(cluster.GoneError, match="pod does not exist"), on.forward("demo", 8080):
            pass


def test_only_the_experiment_that_was_found_is_deleted(tmp_path, monkeypatch) -> None:
    refusal = status("the object has been modified").encode()
    asked: list[bytes] = []
    head = f"HTTP/1.1 409 Conflict\r\nContent-Length: {len(refusal)}\r\n\r\n"
    with serving(head.encode() + refusal, asked) as port:
        on = of_port(tmp_path, monkeypatch, port)
        with pytest.raises(cluster.TakenError, match="has been modified"):
            on.delete({"metadata": {"name": "demo", "uid": "u-1", "resourceVersion": "7"}})
    body = json.loads(asked[0].partition(b"\r\n\r\n")[2])
    assert body == {"preconditions": {"uid": "u-1", "resourceVersion": "7"}}


def test_ctrl_c_while_a_way_is_opened_is_ctrl_c(tmp_path, monkeypatch) -> None:
    class Interrupted(queue.SimpleQueue):
        def get(self, *_args, **_kwargs):
            raise KeyboardInterrupt

    on = of_port(tmp_path, monkeypatch, 9)
    monkeypatch.setattr(cluster.queue, "SimpleQueue", Interrupted)
    with pytest.raises(KeyboardInterrupt), on.forward("demo", 8080):
        pass


def test_a_server_that_is_not_there_does_not_answer(tmp_path, monkeypatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    on = of_port(tmp_path, monkeypatch, port)
    with pytest.raises(errors.MissingError, match="does not answer"), on.forward("demo", 8080):
        pass


def test_a_way_carries_bytes_both_ways_under_the_caller_s_name(tmp_path, monkeypatch) -> None:
    asked: list[tuple[str, str]] = []
    closed = threading.Event()

    def serve(way: websockets.sync.server.ServerConnection) -> None:
        asked.append((way.request.path, way.request.headers["authorization"]))
        for channel in (0, 1):
            way.send(bytes([channel]) + (8080).to_bytes(2, "little"))
        way.send(b"\x00" + way.recv()[1:].upper())
        # The one who asked closes the way, and all of it.
        assert not list(way)
        closed.set()

    server = websockets.sync.server.serve(serve, "127.0.0.1", 0, subprotocols=["v4.channel.k8s.io"])
    with server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        on = of_port(tmp_path, monkeypatch, server.socket.getsockname()[1])
        with on.forward("demo", 8080) as way:
            way.sendall(b"hello")
            assert way.recv(5) == b"HELLO"
        assert closed.wait(10)
        server.shutdown()
        thread.join()
    path = "/api/v1/namespaces/lab/pods/demo/portforward?ports=8080"
    assert asked == [(path, "Bearer of-a-test")]
