import pytest
from tickwork_services.components.forwarder import endpoint

from tickwork import errors


@pytest.mark.parametrize(
    ("address", "secure", "found"),
    [
        ("127.0.0.1:9443", False, endpoint.Endpoint("127.0.0.1", 9443, False, "/stream")),
        ("venue:9443", True, endpoint.Endpoint("venue", 9443, True, "/stream")),
        ("wss://venue/ws", False, endpoint.Endpoint("venue", 443, True, "/ws")),
        ("ws://venue:81", True, endpoint.Endpoint("venue", 81, False, "/stream")),
        ("ws://venue/", False, endpoint.Endpoint("venue", 80, False, "/stream")),
        ("https://[::1]:8/a?b=c", False, endpoint.Endpoint("::1", 8, True, "/a?b=c")),
    ],
)
def test_addresses_and_urls_are_read(address, secure, found):
    assert endpoint.parse(address, "/stream", secure=secure) == found


@pytest.mark.parametrize("address", ["", "ftp://venue", "venue:port", "ws://:80", "venue:70000"])
def test_what_is_neither_is_refused_with_what_to_write(address):
    with pytest.raises(errors.InputError, match="neither host:port nor a URL"):
        endpoint.parse(address, "/stream")


def test_an_authority_names_host_and_port():
    assert endpoint.Endpoint("::1", 8, True, "").authority == "[::1]:8"
    assert endpoint.Endpoint("venue", 8, True, "").authority == "venue:8"


def test_a_proxy_is_spoken_to_in_the_clear():
    assert endpoint.parse_proxy(None) is None
    assert endpoint.parse_proxy("http://proxy:3128") == endpoint.Endpoint("proxy", 3128, False, "")
    with pytest.raises(errors.InputError, match="TLS to the proxy"):
        endpoint.parse_proxy("https://proxy:3128")


def test_certificates_that_are_none_are_refused(tmp_path):
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(errors.InputError, match=r"ca\.pem"):
        endpoint.tls_context(str(tmp_path / "ca.pem"))
    with pytest.raises(errors.InputError, match=r"none\.pem"):
        endpoint.tls_context(str(tmp_path / "none.pem"))
