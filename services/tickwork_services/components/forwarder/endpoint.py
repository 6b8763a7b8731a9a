"""Where a venue is reached: host, port, TLS or not, path, and the proxy in between."""

import dataclasses
import ssl
import urllib.parse

from tickwork import errors

_SECURE = {"wss": True, "https": True, "ws": False, "http": False}


@dataclasses.dataclass(frozen=True, slots=True)
class Endpoint:
    """One server: where it is, and what is asked of it (``path`` begins with a slash)."""

    host: str
    port: int
    secure: bool
    path: str

    @property
    def authority(self) -> str:
        """Host and port as an HTTP header wants them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse(address: str, path: str, *, secure: bool = False) -> Endpoint:
    """Reads ``host:port``, to which ``secure`` says TLS or not, or a URL (ws, wss, http, https).

    ``path`` is used where the address names none. Raises InputError where it can be neither.
    """
    text = address if "://" in address else f"{'https' if secure else 'http'}://{address}"
    parts = urllib.parse.urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in _SECURE or not parts.hostname or port == -1:
        raise errors.InputError(
            f"Reading a venue's address: {address!r} is neither host:port nor a URL.",
            "Write 127.0.0.1:9443, ws://host:port/path or wss://host/path.",
        )
    encrypted = _SECURE[parts.scheme]
    own_path = parts.path.rstrip("/") + (f"?{parts.query}" if parts.query else "")
    port = port or (443 if encrypted else 80)
    return Endpoint(parts.hostname, port, encrypted, own_path or path)


def parse_proxy(address: str | None) -> Endpoint | None:
    """Reads a proxy's ``http://host:port``; None stays None. Raises InputError."""
    if address is None:
        return None
    proxy = parse(address, "")
    if proxy.secure:
        raise errors.InputError(
            f"Reading the proxy's address: {address!r} asks for TLS to the proxy.",
            "Write http://host:port: the connection through it is encrypted end to end.",
        )
    return proxy


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Makes the TLS context: the system's certificates, or those of ``ca_file`` alone.

    Raises InputError where the file cannot be read as certificates.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise errors.InputError(
            f"Loading the certificates of {ca_file!r} failed: {error}.",
            "Name a PEM file with the certificate authority, or none for the system's own.",
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
