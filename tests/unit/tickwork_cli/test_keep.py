import argparse
import hashlib
import http.client
import threading

import pytest
from tickwork_cli import archive, keep

from tickwork import errors


@pytest.fixture
def keeper(tmp_path):
    (tmp_path / "results.json").write_text('{"status": "complete"}\n')
    made = keep.Keeper(tmp_path, "127.0.0.1:0")
    yield made
    made.close()


def ask(keeper: keep.Keeper, verb: str, path: str) -> tuple[int, bytes]:
    host, _, port = keeper.address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    connection.request(verb, path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def test_nothing_is_handed_out_before_the_conclusion(keeper) -> None:
    assert ask(keeper, "GET", "/healthz") == (200, b"waiting\n")
    assert ask(keeper, "GET", "/run.tar")[0] == 503
    assert ask(keeper, "GET", "/run.tar.sha256")[0] == 503
    assert ask(keeper, "POST", "/fetched")[0] == 409
    assert not keeper.fetched.is_set()


def test_a_concluded_run_is_streamed_with_its_digest(keeper) -> None:
    (keeper.root / archive.CONCLUDED).touch()
    status, body = ask(keeper, "GET", "/run.tar")
    assert status == 200
    digest = ask(keeper, "GET", "/run.tar.sha256")[1].decode().strip()
    assert digest == hashlib.sha256(body).hexdigest()
    assert ask(keeper, "GET", "/healthz") == (200, b"ok\n")
    assert ask(keeper, "POST", "/fetched") == (200, b"ok\n")
    assert keeper.fetched.wait(timeout=10)


def test_what_a_writer_left_that_was_killed_is_handed_out(keeper, capsys) -> None:
    mark = archive.Mark(keeper.root)
    mark.make()
    assert ask(keeper, "GET", "/run.tar")[0] == 503
    mark.close()
    assert ask(keeper, "GET", "/healthz") == (200, b"ok\n")
    assert ask(keeper, "GET", "/run.tar")[0] == 200
    options = argparse.Namespace(directory=keeper.root, listen="127.0.0.1:0", seconds=0)
    assert keep.execute(options) == 0
    assert "given up by its writer" in capsys.readouterr().out


def test_other_paths_are_not_there(keeper) -> None:
    assert ask(keeper, "GET", "/etc/passwd")[0] == 404
    assert ask(keeper, "POST", "/run.tar")[0] == 404


def test_a_taken_port_is_named(keeper) -> None:
    with pytest.raises(errors.PortTakenError, match=keeper.address):
        keep.Keeper(keeper.root, keeper.address)


def test_what_is_no_address_is_refused(tmp_path) -> None:
    with pytest.raises(errors.InputError, match="host:port"):
        keep.Keeper(tmp_path, "somewhere")


def test_it_ends_by_itself_when_the_time_is_over(tmp_path, capsys) -> None:
    (tmp_path / archive.CONCLUDED).touch()
    options = argparse.Namespace(directory=tmp_path, listen="127.0.0.1:0", seconds=0)
    assert keep.execute(options) == 0
    assert "not fetched" in capsys.readouterr().out
    assert not [each for each in threading.enumerate() if each.name == "keeper"]
