"""The files of a ``Tls``, read and checked: contexts of TLS 1.3 that verify both ways.

Every party of a run, Conductor and units, proves itself with a certificate for ``SERVER_NAME``
that the one authority signed, and asks the other for the same.
"""

import dataclasses
import pathlib
import ssl

from tickwork import errors
from tickwork.unit.unit import SERVER_NAME, Tls

REMEDY = "Renew the secret that holds tls.crt, tls.key and ca.crt, then run again."
# A handshake is three messages; a fourth turn means that it will never end.
TURNS_MAX = 8


@dataclasses.dataclass(frozen=True)
class Pem:
    """The three files' content, for libraries that want bytes."""

    certificate: bytes
    key: bytes
    authority: bytes


def read(tls: Tls) -> Pem:
    """Returns the files' content after a check of all three.

    Raises InputError that says what is wrong: a file is absent, is no PEM or does not fit the
    others, the certificate has expired, is of another authority, or bears another name.
    """
    check(tls)
    return Pem(_read(tls.certificate_file), _read(tls.key_file), _read(tls.ca_file))


def server_context(tls: Tls) -> ssl.SSLContext:
    """Returns the context of a listener, which asks each client for a certificate."""
    context = _make(ssl.PROTOCOL_TLS_SERVER, tls)
    context.verify_mode = ssl.CERT_REQUIRED
    # A ticket would wake a reader that has nothing to read, and nobody resumes a session.
    context.num_tickets = 0
    return context


def client_context(tls: Tls) -> ssl.SSLContext:
    """Returns the context of a dialer, which asks for ``SERVER_NAME`` whatever the address."""
    return _make(ssl.PROTOCOL_TLS_CLIENT, tls)


def check(tls: Tls) -> None:
    """Lets the files shake hands with themselves, in memory; raises InputError as ``read``."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context(tls).wrap_bio(to_server, to_client, server_side=True)
    client = client_context(tls).wrap_bio(to_client, to_server, server_hostname=SERVER_NAME)
    waiting = [client, server]
    for _ in range(TURNS_MAX):
        for side in list(waiting):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError as error:
                raise errors.InputError(
                    f"Checking the certificate {tls.certificate_file} against the authority "
                    f"{tls.ca_file}: {explain(error)}.",
                    REMEDY,
                ) from error
            waiting.remove(side)
    if waiting:
        raise errors.InputError(
            f"Checking the certificate {tls.certificate_file}: it did not prove itself.", REMEDY
        )


def explain(error: OSError) -> str:
    """Returns what a failed handshake says, in words: ``certificate has expired``."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    reason = getattr(error, "reason", None)
    if reason:
        return str(reason).lower().replace("_", " ")
    return str(error) or type(error).__name__


def _make(protocol: int, tls: Tls) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    for path in (tls.certificate_file, tls.key_file, tls.ca_file):
        _read(path)
    try:
        context.load_cert_chain(tls.certificate_file, tls.key_file)
    except ssl.SSLError as error:
        raise errors.InputError(
            f"Reading the certificate {tls.certificate_file} with the key {tls.key_file}: "
            f"{explain(error)}.",
            REMEDY,
        ) from error
    try:
        context.load_verify_locations(tls.ca_file)
    except ssl.SSLError as error:
        raise errors.InputError(
            f"Reading the authority {tls.ca_file}: {explain(error)}.", REMEDY
        ) from error
    return context


def _read(path: str) -> bytes:
    try:
        return pathlib.Path(path).read_bytes()
    except OSError as error:
        raise errors.InputError(
            f"Reading {path}, by which Control and links are secured: {error.strerror}.",
            "Mount the secret that holds it, or say plaintext: true in the manifest.",
        ) from error
