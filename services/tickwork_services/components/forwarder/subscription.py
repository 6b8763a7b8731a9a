"""Which streams go over which connection, and when each request may be said."""

import collections
import dataclasses
from collections.abc import Sequence

from tickwork_services.components.forwarder import ledger


def split(streams_by_instrument: Sequence[Sequence[str]], streams_max: int) -> list[list[str]]:
    """Splits instruments over as few connections as fit; an instrument is never torn apart.

    ``streams_by_instrument`` holds one list of stream names per instrument. A book whose deltas
    and tickers came over two connections would lose their order, so a whole instrument goes over
    one.
    """
    if any(len(streams) > streams_max for streams in streams_by_instrument):
        raise ValueError(f"one instrument has more than {streams_max} streams")
    connections: list[list[str]] = [[]]
    for streams in streams_by_instrument:
        if len(connections[-1]) + len(streams) > streams_max:
            connections.append([])
        connections[-1].extend(streams)
    return connections


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """One subscription request: its id and the streams it names."""

    id: int
    streams: tuple[str, ...]


class Subscription:
    """What one connection still has to say, and which answers are outstanding.

    Pure: ``due`` gives the next request when the venue's limit of messages a second allows it,
    ``answer`` takes the venue's word. ``complete`` when all requests were said and accepted.
    """

    def __init__(self, streams: Sequence[str], batch_max: int, messages_per_second: int) -> None:
        batches = [streams[at : at + batch_max] for at in range(0, len(streams), batch_max)]
        self._waiting = collections.deque(
            Request(number, tuple(batch)) for number, batch in enumerate(batches, start=1)
        )
        self._unanswered: dict[int, Request] = {}
        # One message a second stays free: a pong is counted by the venue as a message too.
        self._ledger = ledger.WindowLedger(max(1, messages_per_second - 1), 1_000_000_000)

    def due(self, now_ns: int) -> Request | None:
        """Returns the next request to send now, or None."""
        if not self._waiting or self._ledger.wait_ns(now_ns) > 0:
            return None
        self._ledger.spend(now_ns)
        request = self._waiting.popleft()
        self._unanswered[request.id] = request
        return request

    def answer(self, id_: int) -> bool:
        """Notes that the venue accepted request ``id_``; False when none such was outstanding."""
        return self._unanswered.pop(id_, None) is not None

    @property
    def complete(self) -> bool:
        """True when every request was said and accepted."""
        return not self._waiting and not self._unanswered
