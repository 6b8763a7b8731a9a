import contextlib
import socket
import urllib.error
import urllib.request

import pytest
from tickwork_services.telemetry import pages

from tickwork import errors


@pytest.fixture
def answers():
    return {"healthz": pages.Answer(True), "readyz": pages.Answer(False, "2 of 8 books are LIVE")}


@pytest.fixture
def served(answers):
    made = pages.Pages(
        "127.0.0.1:0",
        metrics=lambda own: b"tickwork_x_total %d\n" % (1 + own["refused"]),
        healthy=lambda: answers["healthz"],
        ready=lambda: answers["readyz"],
    )
    yield made
    made.close()


def get(served, page):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{served.port}/{page}", timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_three_pages_answer(served, answers):
    assert get(served, "metrics") == (200, b"tickwork_x_total 1\n")
    assert get(served, "healthz") == (200, b"ok\n")
    assert get(served, "readyz") == (503, b"2 of 8 books are LIVE\n")
    answers["readyz"] = pages.Answer(True)
    assert get(served, "readyz") == (200, b"ok\n")
    assert get(served, "else")[0] == 404


def test_a_taken_port_is_refused_with_its_address():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        address = f"127.0.0.1:{holder.getsockname()[1]}"
        with pytest.raises(errors.PortTakenError, match=address):
            pages.Pages(address, lambda _: b"", lambda: None, lambda: None)


def connect(served):
    made = socket.create_connection(("127.0.0.1", served.port), timeout=10)
    made.sendall(b"GET /healthz HT")
    return made


def test_slow_clients_keep_nobody_from_an_answer(served, monkeypatch):
    slow = [connect(served) for _ in range(10)]
    assert get(served, "healthz") == (200, b"ok\n")
    monkeypatch.setattr(pages, "REQUEST_NS_MAX", 1)
    for each in slow:
        with each:
            assert each.recv(1) == b"", "it was cut, however slowly it goes on"
    monkeypatch.undo()
    assert get(served, "metrics") == (200, b"tickwork_x_total 11\n")


def test_more_clients_than_the_bound_are_closed_at_once(served):
    slow = [connect(served) for _ in range(pages.REQUESTS_MAX)]
    with connect(served) as refused:
        assert refused.recv(1) == b""
    slow.pop().close()
    for each in slow:
        each.close()


def test_a_client_that_hangs_holds_up_no_end(answers):
    made = pages.Pages("127.0.0.1:0", lambda _: b"", lambda: answers["healthz"], lambda: None)
    with connect(made) as slow:
        assert get(made, "healthz") == (200, b"ok\n")
        made.close()
        assert slow.recv(1) == b""


def test_garbage_and_huge_headers_are_answered_or_closed_and_harm_nobody(served):
    for noise in (b"\x16\x03\x01\x00\xff" * 50, b"GET /" + b"a" * 100_000, b"\r\n\r\n"):
        client = socket.create_connection(("127.0.0.1", served.port), timeout=10)
        with client, contextlib.suppress(ConnectionError):
            client.sendall(noise + b"\r\n\r\n")
            while client.recv(4096):
                pass
    many = b"".join(b"X-%d: y\r\n" % number for number in range(1000))
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as client:
        client.sendall(b"GET /healthz HTTP/1.0\r\n" + many + b"\r\n")
        assert b" 431 " in client.recv(4096).split(b"\r\n")[0]
    assert get(served, "healthz") == (200, b"ok\n")
