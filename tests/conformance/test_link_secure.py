"""What a secured link promises besides all that a link promises: who is refused, and how."""

import contextlib
import pathlib
import socket

import certificates
import pytest
from conformance import links
from conformance.links import numbers, read, record_for
from tickwork_services.link import link, secure, transports

from tickwork import errors

BROADCAST = links.Variant("tcp", "broadcast", secure=True)
LISTENING_INLET = links.Variant("tcp", "pipe", "inlet", secure=True)


@pytest.fixture
def joint(request, tmp_path):
    made = links.Joint(request.param, tmp_path)
    yield made
    made.close()


def over(*variants):
    return pytest.mark.parametrize("joint", variants, ids=str, indirect=True)


def address(joint):
    host, _, port = joint.end.address.rpartition(":")
    return host, int(port)


@over(BROADCAST)
def test_a_plaintext_client_is_refused_counted_and_named(joint):
    outlet, inlet = joint.both()
    with socket.create_connection(address(joint), timeout=10) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        links.until(lambda: joint.warnings and outlet.counters()["greetingsFailed"] == 1)
        with contextlib.suppress(ConnectionResetError):
            assert b"BTCUSDT" not in plain.recv(4096)
    [warning] = joint.warnings
    assert "a connection was refused: http request" in warning
    outlet.send(record_for(joint.variant, 1), links.SECOND_NS)
    assert numbers(read(inlet, 1)) == [1]
    assert outlet.counters()["clients"] == 1


@over(LISTENING_INLET)
def test_an_inlet_refuses_plaintext_and_goes_on(joint):
    inlet = joint.inlet()
    with socket.create_connection(address(joint), timeout=10) as plain:
        plain.sendall(b'{"instrument":"BTCUSDT"}\n')
        links.until(lambda: links.look(inlet) or inlet.counters()["greetingsFailed"] == 1)
    assert inlet.counters()["received"] == 0
    outlet = joint.outlet()
    links.until(lambda: not links.look(inlet) and outlet.counters()["clients"] > 0)
    outlet.send(record_for(joint.variant, 1), links.SECOND_NS)
    assert numbers(read(inlet, 1)) == [1]


@over(BROADCAST, LISTENING_INLET)
def test_a_certificate_of_another_authority_reaches_nothing(joint, tmp_path):
    stranger = secure.make_contexts(certificates.make(tmp_path / "stranger"))
    said = []
    seat = link.Seat("park", links.SYMBOLS, None, lambda: 0, contexts=stranger, warn=said.append)
    own = joint.outlet() if joint.variant.listener == "outlet" else joint.inlet()
    make = transports.make_inlet if joint.variant.listener == "outlet" else transports.make_outlet
    other = make(joint.end, seat)
    other.open()
    reading = own if hasattr(own, "read") else other
    try:
        links.until(lambda: links.look(reading) or other.counters()["greetingsFailed"] > 0)
        assert other.counters()["greetingsFailed"] > 0
        links.until(lambda: said)
        assert "certificate" in said[0]
        links.until(lambda: links.look(reading) or own.counters()["greetingsFailed"] > 0)
    finally:
        other.close()


@over(BROADCAST)
def test_who_connects_and_says_nothing_is_sent_away(joint, monkeypatch):
    monkeypatch.setattr(secure, "GREETING_NS_MAX", 0)
    outlet = joint.outlet()
    with socket.create_connection(address(joint), timeout=10) as silent:
        assert silent.recv(1) == b""
    assert outlet.counters()["greetingsFailed"] == 1
    assert "does not greet" in joint.warnings[0]


@over(BROADCAST)
def test_a_secured_end_without_certificate_is_refused(joint):
    seat = link.Seat("park", links.SYMBOLS, None, lambda: 0)
    with pytest.raises(errors.InputError, match="its unit has no certificate"):
        transports.make_outlet(joint.end, seat)


def test_files_that_are_of_no_use_are_refused(tmp_path):
    tls = certificates.make(tmp_path)
    pathlib.Path(tls.ca_file).unlink()
    with pytest.raises(errors.InputError, match="No such file"):
        secure.make_contexts(tls)
