"""Certificates as a cluster's secret holds them, made with the openssl command."""

import pathlib
import subprocess

from tickwork.unit.unit import SERVER_NAME, Tls

OPENSSL = "/usr/bin/openssl"
_NEW = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def make(folder: pathlib.Path, name: str = SERVER_NAME, dates: tuple[str, ...] = ()) -> Tls:
    """Makes an authority of its own and a certificate for ``name`` that it signed."""
    folder.mkdir(parents=True, exist_ok=True)
    authority, authority_key = folder / "ca.crt", folder / "ca.key"
    certificate, key = folder / "tls.crt", folder / "tls.key"
    _run(*_NEW, "-keyout", authority_key, "-out", authority, "-subj", "/CN=test authority")
    request = folder / "tls.csr"
    wanted = ("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    _run(*wanted, "-keyout", key, "-out", request, "-subj", f"/CN={name}")
    extensions = folder / "extensions"
    extensions.write_text(f"subjectAltName=DNS:{name}\nbasicConstraints=critical,CA:FALSE\n")
    signed = ("x509", "-req", "-in", request, "-CA", authority, "-CAkey", authority_key)
    _run(*signed, "-CAcreateserial", "-extfile", extensions, "-out", certificate, *dates)
    return Tls(certificate_file=str(certificate), key_file=str(key), ca_file=str(authority))


def _run(*arguments: object) -> None:
    subprocess.run([OPENSSL, *map(str, arguments)], check=True, capture_output=True)
