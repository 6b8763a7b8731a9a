import pathlib
import socket

import pytest

from tickwork import errors
from tickwork.local import addresses

SHORT = pathlib.Path("/tmp/tw-x")


def test_control_is_a_socket_and_the_rest_are_ports() -> None:
    asked = [("g/u/control", None), ("g/u/metrics", None), ("g/v/control", None)]
    found = addresses.allocate(asked, SHORT, 7)
    assert found["g/u/control"] == f"unix:{SHORT}/0.sock"
    assert found["g/v/control"] == f"unix:{SHORT}/2.sock"
    host, port = found["g/u/metrics"].split(":")
    assert host == "127.0.0.1"
    assert addresses.PORT_FIRST <= int(port) <= addresses.PORT_LAST


def test_no_port_is_given_twice() -> None:
    asked = [(f"g/u{index}/metrics", None) for index in range(40)]
    found = addresses.allocate(asked, SHORT, addresses.PORT_LAST - addresses.PORT_FIRST)
    assert len(set(found.values())) == 40


def test_a_port_in_use_is_passed_over() -> None:
    first = addresses.allocate([("g/u/metrics", None)], SHORT, 500)["g/u/metrics"]
    with socket.create_server(("127.0.0.1", int(first.split(":")[1]))):
        assert addresses.allocate([("g/u/metrics", None)], SHORT, 500)["g/u/metrics"] != first


def test_a_fixed_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(errors.PortTakenError, match=f"127.0.0.1:{port}") as refused:
            addresses.allocate([("pipeline/publisher/tcp", port)], SHORT, 0)
    assert "pipeline/publisher/tcp" in str(refused.value)
    assert refused.value.exit_code == 5


def test_a_long_socket_path_is_refused() -> None:
    with pytest.raises(errors.MissingError, match="shorter"):
        addresses.allocate([("g/u/control", None)], pathlib.Path("/" + "x" * 100), 0)
