import http.server
import json
import pathlib
import ssl
import threading

import certificates
import pytest
from tickwork_cli import pod

from tickwork import clock


class Server:
    """Stands in for the API server: keeps what was patched, answers what it is told to."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.seen = []
        self.status = 200
        tls = certificates.make(folder, "localhost")
        (folder / "token").write_text("not-a-secret\n")
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_PATCH(self) -> None:
                length = int(self.headers["Content-Length"])
                body = json.loads(self.rfile.read(length))
                outer.seen.append((self.path, dict(self.headers), body))
                self.send_response(outer.status)
                self.end_headers()
                self.wfile.write(b'{"message": "experiments \\"demo\\" is forbidden"}')

            def log_message(self, *arguments) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls.certificate_file, tls.key_file)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()
        self.access = pod.Access("localhost", self.server.server_address[1], folder)

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def server(tmp_path):
    made = Server(tmp_path)
    yield made
    made.close()


def test_progress_is_applied_to_its_own_field_of_its_own_experiment(server) -> None:
    writer = pod.ProgressWriter(server.access, "lab", "demo")
    writer.tell({"percent": 40})
    writer.close()
    assert (writer.written, writer.failed) == (1, 0)
    [(path, headers, body)] = server.seen
    assert path == (
        "/apis/tickwork.dev/v1alpha1/namespaces/lab/experiments/demo/status"
        "?fieldManager=tickwork-conductor&force=true"
    )
    assert headers["Content-Type"] == "application/apply-patch+yaml"
    assert headers["Authorization"] == "Bearer not-a-secret"
    assert body == {
        "apiVersion": "tickwork.dev/v1alpha1",
        "kind": "Experiment",
        "metadata": {"name": "demo"},
        "status": {"progress": {"percent": 40}},
    }


def test_the_newest_wins_and_no_more_than_one_a_second_is_written(server) -> None:
    writer = pod.ProgressWriter(server.access, "lab", "demo")
    began_ns = clock.now_mono_ns()
    for percent in range(101):
        writer.tell({"percent": percent})
    writer.close()
    seconds = (clock.now_mono_ns() - began_ns) / 1e9
    assert len(server.seen) <= 2 + seconds
    assert server.seen[-1][2]["status"]["progress"] == {"percent": 100}


def test_a_refusal_is_counted_and_said(server) -> None:
    server.status = 403
    writer = pod.ProgressWriter(server.access, "lab", "demo")
    writer.tell({"percent": 1})
    writer.close()
    assert (writer.written, writer.failed) == (0, 1)
    assert "403" in writer.reason
    assert "is forbidden" in writer.reason


def test_an_absent_server_is_counted(tmp_path) -> None:
    certificates.make(tmp_path, "localhost")
    (tmp_path / "token").write_text("not-a-secret")
    writer = pod.ProgressWriter(pod.Access("localhost", 1, tmp_path), "lab", "demo")
    writer.tell({"percent": 1})
    writer.close()
    assert writer.failed == 1
    assert "refused" in writer.reason


def test_outside_of_a_cluster_there_is_no_access() -> None:
    assert pod.find_access() is None
