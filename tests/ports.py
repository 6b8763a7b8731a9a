"""Ports for what a test listens on: two tests of one run never get the same."""

import itertools
import os
import random
import socket
from collections.abc import Iterator

# Below the range the kernel takes ports of outgoing connections from (32768 and up on Linux):
# a port found free there can be gone the moment after. The local executor takes 21000 and up.
_FIRST, _LAST = 12_000, 20_800
_WORKERS = 8
_SHARE = (_LAST - _FIRST) // _WORKERS


def _candidates() -> Iterator[int]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    first = _FIRST + int(worker.removeprefix("gw")) % _WORKERS * _SHARE
    share = list(range(first, first + _SHARE))
    # Two runs beside each other on one machine begin at different places.
    start = random.SystemRandom().randrange(_SHARE)
    return itertools.cycle(share[start:] + share[:start])


_next = _candidates()


def free_port() -> int:
    """A port nobody listens on, at any address, and that this process has not given before."""
    for port in itertools.islice(_next, _SHARE):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", port))
            except OSError:
                continue
        return port
    message = f"No port from {_FIRST} to {_LAST} is free."
    raise RuntimeError(message)
