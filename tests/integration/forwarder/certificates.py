"""A certificate authority and a server's certificate, made with the openssl command."""

import dataclasses
import pathlib
import ssl
import subprocess

OPENSSL = "/usr/bin/openssl"


@dataclasses.dataclass(frozen=True)
class Certificates:
    authority: pathlib.Path
    certificate: pathlib.Path
    key: pathlib.Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def make(directory: pathlib.Path, name: str = "IP:127.0.0.1") -> Certificates:
    """Makes an authority of its own and a certificate for ``name`` signed by it."""
    directory.mkdir(exist_ok=True)
    authority, authority_key = directory / "ca.pem", directory / "ca.key"
    certificate, key = directory / "server.pem", directory / "server.key"
    new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    run(*new, "-keyout", authority_key, "-out", authority, "-subj", "/CN=test authority")
    signed = ["-CA", authority, "-CAkey", authority_key, "-addext", f"subjectAltName={name}"]
    leaf = ["-addext", "basicConstraints=critical,CA:FALSE", "-subj", "/CN=venue"]
    run(*new, "-keyout", key, "-out", certificate, *signed, *leaf)
    return Certificates(authority, certificate, key)


def run(*arguments: object) -> None:
    subprocess.run([OPENSSL, *map(str, arguments)], check=True, capture_output=True)
