"""Addresses on this machine: Control on Unix sockets, everything else on loopback ports."""

import pathlib
import socket
from collections.abc import Sequence

from tickwork import errors
from tickwork.plan.plan import CONTROL_PORT

HOST = "127.0.0.1"
# Below the range from which the kernel takes ports for connections, so that none is lost between
# the look here and the unit's bind.
PORT_FIRST = 21_000
PORT_LAST = 31_999
SOCKET_PATH_MAX = 100


def allocate(
    endpoints: Sequence[tuple[str, int | None]], sockets: pathlib.Path, seed: int
) -> dict[str, str]:
    """Returns an address for every endpoint (``group/unit/port``, fixed number or None).

    ``seed`` says where to begin to look for free ports, so that runs beside each other begin at
    different ones. Raises PortTakenError naming the fixed port that somebody else holds.
    """
    held: list[socket.socket] = []
    try:
        fixed = {end: _hold_fixed(end, port, held) for end, port in endpoints if port is not None}
        addresses: dict[str, str] = {}
        for index, (endpoint, _) in enumerate(endpoints):
            if endpoint.rsplit("/", maxsplit=1)[-1] == CONTROL_PORT:
                addresses[endpoint] = _control(sockets / f"{index}.sock")
            elif endpoint in fixed:
                addresses[endpoint] = fixed[endpoint]
            else:
                addresses[endpoint] = _hold_free(endpoint, seed, held)
        return addresses
    finally:
        for each in held:
            each.close()


def _control(path: pathlib.Path) -> str:
    if len(str(path)) > SOCKET_PATH_MAX:
        raise errors.MissingError(
            f"The socket {path} has {len(str(path))} characters, over {SOCKET_PATH_MAX}.",
            "Use a shorter directory for temporary files.",
        )
    return f"unix:{path}"


def _hold_fixed(endpoint: str, port: int, held: list[socket.socket]) -> str:
    if (bound := _bind(port)) is None:
        raise errors.PortTakenError(endpoint, f"{HOST}:{port}")
    held.append(bound)
    return f"{HOST}:{port}"


def _hold_free(endpoint: str, seed: int, held: list[socket.socket]) -> str:
    """Binds the next free port of the range and holds it until all are found."""
    room = PORT_LAST - PORT_FIRST + 1
    start = (seed + len(held)) % room
    for offset in range(room):
        port = PORT_FIRST + (start + offset) % room
        if (bound := _bind(port)) is not None:
            held.append(bound)
            return f"{HOST}:{port}"
    raise errors.MissingError(
        f"No port is free for {endpoint}: {PORT_FIRST} to {PORT_LAST} are all taken.",
        "End other runs on this machine.",
    )


def _bind(port: int) -> socket.socket | None:
    """Returns a socket that listens on ``port``, or None where somebody else does.

    It listens, because two sockets that are only bound may share an address.
    """
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((HOST, port))
        made.listen(1)
    except OSError:
        made.close()
        return None
    return made
