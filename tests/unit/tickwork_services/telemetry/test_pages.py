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
        metrics=lambda: b"tickwork_x_total 1\n",
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
            pages.Pages(address, lambda: b"", lambda: None, lambda: None)
