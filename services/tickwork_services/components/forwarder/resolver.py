"""Names to addresses, without ever stopping the loop that asks."""

import concurrent.futures
import socket

from tickwork_services.components.forwarder import channel, endpoint

Lookup = concurrent.futures.Future[list[channel.Address]]


class Resolver:
    """Looks names up in a thread of its own, one at a time; numeric addresses at once."""

    def __init__(self) -> None:
        self._pool = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="resolver")

    def look_up(self, of: endpoint.Endpoint) -> Lookup:
        """Returns a future with at least one address, or with the OSError of the look-up."""
        try:
            found = _addresses(of, socket.AI_NUMERICHOST)
        except socket.gaierror:
            return self._pool.submit(_addresses, of, 0)
        future: Lookup = concurrent.futures.Future()
        future.set_result(found)
        return future

    def close(self) -> None:
        """Ends the thread once its present look-up is over; waits for nothing."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _addresses(of: endpoint.Endpoint, flags: int) -> list[channel.Address]:
    found = socket.getaddrinfo(of.host, of.port, type=socket.SOCK_STREAM, flags=flags)
    return [(family, where) for family, _, _, _, where in found]  # type: ignore[misc]
