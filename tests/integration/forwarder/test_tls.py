"""TLS, wrong certificates, and a proxy in between, on real sockets."""

import asyncio
import contextlib
import pathlib
import socket
import threading

import pytest
from integration.forwarder import certificates, stand_ins
from integration.forwarder.stand_ins import ERROR, REST, TEXT, wait_until

pytestmark = pytest.mark.skipif(
    not pathlib.Path(certificates.OPENSSL).exists(), reason="the openssl command is not installed"
)


async def send_ten(connection):
    for number in range(10):
        await connection.send(f'{{"n":{number},"pad":"{"x" * 30_000}"}}')
    await connection.wait_closed()


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    return certificates.make(tmp_path_factory.mktemp("certificates"))


@contextlib.contextmanager
def run(tmp_path, signed, host="127.0.0.1", **settings):
    context = signed.server_context()
    with (
        stand_ins.Venue(send_ten, ssl=context) as venue,
        stand_ins.RestVenue(stand_ins.answer_ok, context) as rest,
    ):
        connects = {
            "websocket": f"wss://{host}:{venue.port}",
            "rest": f"https://{host}:{rest.port}",
        }
        bench = stand_ins.make_bench(connects, **{"lines": 1, **settings})
        try:
            bench.start(tmp_path)
            yield bench
        finally:
            asyncio.run(bench.forwarder.close())


def test_a_venue_is_read_over_tls_with_kernel_stamps(tmp_path, signed):
    with run(tmp_path, signed, ca_file=str(signed.authority)) as bench:
        wait_until(lambda: len(bench.frames.payloads()) == 10, "ten frames")
        wait_until(lambda: bench.frames.of(REST), "exchange information")
        assert all(len(payload) > 30_000 for payload in bench.frames.payloads())
        assert bench.forwarder.counters()["bytes"] > 300_000
        received = [each.received_ns for each in bench.frames.of(TEXT)]
        assert received == sorted(received)
        bench.stop()
        assert bench.forwarder.counters()["connectionsLost"] == 0


@pytest.mark.parametrize("wrong", ["authority", "name"])
def test_a_wrong_certificate_is_refused(tmp_path, signed, wrong):
    other = certificates.make(tmp_path / "other", "DNS:elsewhere.test")
    server, trusted = (signed, other) if wrong == "authority" else (other, other)
    with run(tmp_path, server, ca_file=str(trusted.authority), reconnect_ms_max=50) as bench:
        wait_until(lambda: len(bench.frames.of(ERROR)) >= 3, "refusals on both protocols")
        assert bench.frames.of(TEXT) == []
        assert bench.frames.of(REST) == []
        texts = b" ".join(each.payload for each in bench.frames.of(ERROR))
        assert b"CERTIFICATE_VERIFY_FAILED" in texts or b"certificate verify failed" in texts


def test_the_system_s_certificates_do_not_know_ours(tmp_path, signed):
    with run(tmp_path, signed, reconnect_ms_max=50) as bench:
        wait_until(lambda: bench.frames.of(ERROR), "a refusal")
        assert bench.frames.of(TEXT) == []


class Proxy:
    """An HTTP proxy that knows CONNECT; ``refuse`` makes it say 403."""

    def __init__(self, refuse: bool = False) -> None:
        self.asked: list[bytes] = []
        self._refuse = refuse
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self):
        self._threads[0].start()
        return self

    def __exit__(self, *_):
        self._listening.shutdown(socket.SHUT_RDWR)
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(10)
        for each in (self._listening, *self._open):
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                self._open.append(near)
                self._spawn(self._serve, near)

    def _spawn(self, target, *arguments) -> None:
        self._threads.append(threading.Thread(target=target, args=arguments, daemon=True))
        self._threads[-1].start()

    def _serve(self, near: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._answer(near)

    def _answer(self, near: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            more = near.recv(1000)
            if not more:
                return
            head += more
        line = head.split(b"\r\n")[0]
        self.asked.append(line)
        if self._refuse:
            near.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            near.shutdown(socket.SHUT_RDWR)
            return
        host, port = line.split(b" ")[1].rsplit(b":", 1)
        far = socket.create_connection((host.decode(), int(port)))
        self._open.append(far)
        # In two pieces: an answer may be cut anywhere.
        near.sendall(b"HTTP/1.1 200 Connection esta")
        near.sendall(b"blished\r\n\r\n")
        self._spawn(pump, near, far)
        pump(far, near)


def pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


def test_everything_goes_through_the_proxy_encrypted_end_to_end(tmp_path, signed):
    with (
        Proxy() as proxy,
        run(tmp_path, signed, ca_file=str(signed.authority), proxy=proxy.address) as bench,
    ):
        wait_until(lambda: len(bench.frames.payloads()) == 10, "ten frames")
        wait_until(lambda: bench.frames.of(REST), "exchange information")
        assert len(proxy.asked) == 2
        assert all(line.startswith(b"CONNECT 127.0.0.1:") for line in proxy.asked)
        asyncio.run(bench.forwarder.close())


def test_a_proxy_that_refuses_is_told_in_its_words(tmp_path, signed):
    with (
        Proxy(refuse=True) as proxy,
        run(tmp_path, signed, ca_file=str(signed.authority), proxy=proxy.address) as bench,
    ):
        wait_until(lambda: len(bench.frames.of(ERROR)) >= 2, "refusals")
        assert b"403" in b" ".join(each.payload for each in bench.frames.of(ERROR))
        assert bench.frames.of(TEXT) == []
        asyncio.run(bench.forwarder.close())


def test_a_venue_that_cuts_the_tls_handshake_is_asked_again(tmp_path, signed):
    with socket.create_server(("127.0.0.1", 0)) as cutter:
        port = cutter.getsockname()[1]
        bench = stand_ins.make_bench(
            {"websocket": f"wss://127.0.0.1:{port}", "rest": "127.0.0.1:1"},
            lines=1,
            reconnect_ms_max=20,
        )
        bench.start(tmp_path)
        for _ in range(3):
            near, _ = cutter.accept()
            near.recv(10)
            near.close()
        wait_until(lambda: bench.forwarder.counters()["connectionsLost"] >= 3, "three cuts")
        asyncio.run(bench.forwarder.close())
