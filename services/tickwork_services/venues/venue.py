"""The venue concept, client side: what to say to an exchange and what its answers mean.

Pure knowledge: no socket, no clock. Limits are data with the date of the page they are from.
"""

import abc
import dataclasses
from collections.abc import Sequence
from typing import Literal


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """What a venue tolerates; exceeding it gets an address banned."""

    messages_per_second: int
    streams_per_connection: int
    connection_attempts: int
    attempts_window_ns: int
    connection_life_ns: int
    weight_per_minute: int
    as_of: str


@dataclasses.dataclass(frozen=True, slots=True)
class Control:
    """A message that is no market data.

    ``accepted`` and ``refused`` answer the subscription request ``id``; ``shutdown`` announces
    that the venue goes away and a replacement is to be connected now.
    """

    kind: Literal["accepted", "refused", "shutdown"]
    id: int = 0
    text: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class RestRequest:
    """One GET: path with query, and what it costs of the venue's weight."""

    path: str
    weight: int


class Client(abc.ABC):
    """One venue as its client sees it.

    ``websocket_url`` and ``rest_url`` are the venue's own; ``websocket_path`` is asked of a custom
    endpoint that names no path. ``weight_header`` is the answer's header with the weight used.
    """

    name: str
    websocket_url: str
    websocket_path: str
    rest_url: str
    weight_header: str
    limits: Limits

    @abc.abstractmethod
    def streams(
        self, symbol: str, channels: Sequence[str], depth_interval_ms: int
    ) -> tuple[str, ...]:
        """Returns the stream names of one instrument; raises InputError for what there is not."""

    @abc.abstractmethod
    def subscribe_message(self, id_: int, streams: Sequence[str]) -> bytes:
        """Returns the text message that subscribes to ``streams``."""

    @abc.abstractmethod
    def read_control(self, payload: bytes | bytearray) -> Control | None:
        """Returns what ``payload`` says beside market data; None for everything else.

        Called for every short message: it must be cheap for market data.
        """

    @abc.abstractmethod
    def depth_request(self, symbol: str, levels: int) -> RestRequest:
        """Returns the request for a depth snapshot of at least ``levels`` a side, if there is."""

    @abc.abstractmethod
    def exchange_information_request(self, symbols: Sequence[str]) -> RestRequest:
        """Returns the request for the scales of ``symbols``."""
