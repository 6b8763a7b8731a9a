"""The certificate that the chart makes: whether TLS 1.3 with both sides verified works on it."""

import base64
import pathlib
import socket
import ssl
import threading

import pytest

from chart import rendering
from tickwork.unit import unit as units

SECRET = ("Secret", "tickwork", "tickwork-unit-tls")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("certificates")
    _write(rendering.render()[SECRET]["data"], folder)
    return folder


def _write(data: dict[str, str], folder: pathlib.Path) -> None:
    assert set(data) == {"ca.crt", "tls.crt", "tls.key"}
    for name, text in data.items():
        (folder / name).write_bytes(base64.b64decode(text))


def _context(purpose: ssl.Purpose, folder: pathlib.Path, mine: pathlib.Path) -> ssl.SSLContext:
    context = ssl.create_default_context(purpose, cafile=str(folder / "ca.crt"))
    context.load_cert_chain(mine / "tls.crt", mine / "tls.key")
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def _meet(server: ssl.SSLContext, client: ssl.SSLContext) -> None:
    """Shakes hands over a pair of sockets, and passes a byte, which shows a late refusal."""
    left, right = socket.socketpair()
    left.settimeout(5)
    right.settimeout(5)

    def serve() -> None:
        try:
            with server.wrap_socket(left, server_side=True) as held:
                held.send(held.recv(1))
        except ssl.SSLError:
            left.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(right, server_hostname=units.SERVER_NAME) as held:
            held.send(b"x")
            assert held.recv(1) == b"x", "the server refused"
    finally:
        thread.join()


def test_units_of_one_namespace_trust_each_other(files: pathlib.Path) -> None:
    server = _context(ssl.Purpose.CLIENT_AUTH, files, files)
    _meet(server, _context(ssl.Purpose.SERVER_AUTH, files, files))


def test_a_unit_of_another_namespace_is_refused(
    files: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    made = rendering.render({"watch": {"namespaces": ["tickwork", "other"]}})
    other = made["Secret", "other", "tickwork-unit-tls"]["data"]
    assert other["ca.crt"] != made[SECRET]["data"]["ca.crt"]
    _write(other, tmp_path)
    server = _context(ssl.Purpose.CLIENT_AUTH, files, files)
    stranger = _context(ssl.Purpose.SERVER_AUTH, files, tmp_path)
    with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
        _meet(server, stranger)


def test_others_may_make_the_certificate() -> None:
    existing = rendering.render({"mtls": {"issuer": "existing"}})
    assert SECRET not in existing
    issued = rendering.render({"mtls": {"issuer": "certManager"}})
    made = issued["Certificate", "tickwork", "tickwork-unit-tls"]["spec"]
    assert made["dnsNames"] == [units.SERVER_NAME]
    assert {"server auth", "client auth"} <= set(made["usages"])
    assert ("Issuer", "tickwork", made["issuerRef"]["name"]) in issued
    named = {"issuerRef": {"name": "units", "kind": "ClusterIssuer"}}
    given = rendering.render({"mtls": {"issuer": "certManager", "certManager": named}})
    assert not [key for key in given if key[0] == "Issuer"]


def test_without_mtls_there_is_no_secret_and_the_operator_knows() -> None:
    made = rendering.render({"mtls": {"enabled": False}})
    assert SECRET not in made
    options = made["ConfigMap", "tickwork", "tickwork-operator"]["data"]["operator.json"]
    assert '"tlsSecret": null' in options
