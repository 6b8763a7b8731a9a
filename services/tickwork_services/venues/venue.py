"""The venue concept: what a client says and reads, what a server that plays a venue reads and says.

Pure knowledge: no socket, no clock. Limits are data with the date of the page they are from.
"""

import abc
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

SequenceRule = Literal["first", "previous"]
"""``first``: first id = previous last id + 1; ``previous``: a diff names the last id before it."""

Level = tuple[str, str]
DiffIds = tuple[int, int, int]
"""First and last update id of a diff, and the last id of the diff before it."""

Parts = tuple[bytes, ...]
"""A rendered message; between its parts goes the venue's time in Unix milliseconds."""

Writer = Callable[[int], str]
"""Writes a mantissa as a decimal number."""


REST_BYTES_MAX = 7 << 20
"""The longest REST answer that is taken: the exchange information of a whole venue fits."""


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


@dataclasses.dataclass(frozen=True, slots=True)
class Listing:
    """One instrument as its venue lists it; prices and quantities are mantissas.

    ``price`` is where a simulated market begins; ``lot`` a usual quantity.
    """

    symbol: str
    price_exponent: int
    quantity_exponent: int
    price: int
    lot: int


@dataclasses.dataclass(frozen=True, slots=True)
class Opening:
    """What the target of a WebSocket request asks for."""

    combined: bool
    streams: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Order:
    """One well-formed control request of a client; ``id`` is echoed as JSON text."""

    method: Literal["SUBSCRIBE", "UNSUBSCRIBE", "LIST", "SET_COMBINED", "GET_COMBINED"]
    id: str
    streams: tuple[str, ...] = ()
    value: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """Why a control request or a REST request is not answered; ``body`` is the reply's JSON."""

    body: bytes
    status: int = 400


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """One well-formed REST request and its weight."""

    kind: Literal["depth", "exchangeInfo", "time", "ping"]
    weight: int
    symbol: str = ""
    symbols: tuple[str, ...] = ()
    limit: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """What a recorded message of a venue says, as far as a replay needs it.

    ``payload`` is the message without what a combined connection put around it; ``stream`` is the
    name in there. Levels are price and quantity as text. ``channel`` is that of a stream, or
    ``snapshot`` for an answer to a depth request (which names no symbol); ``first``, ``last`` and
    ``previous`` are the ids of a diff, ``last`` that of a ticker or snapshot too. ``previous`` is
    None where the venue does not say it.
    """

    channel: str
    symbol: str
    payload: bytes
    stream: str | None
    first: int = 0
    last: int = 0
    previous: int | None = None
    bids: Sequence[Level] = ()
    asks: Sequence[Level] = ()


class Server(abc.ABC):
    """What a program that pretends to be this venue reads and says."""

    name: str
    sequence_rule: SequenceRule
    limits: Limits

    @abc.abstractmethod
    def listing(self, symbol: str) -> Listing:
        """Returns how ``symbol`` is listed; an unknown one gets a plausible listing."""

    @abc.abstractmethod
    def read_opening(self, target: str) -> Opening | Refusal:
        """Reads the target of a WebSocket request."""

    @abc.abstractmethod
    def read_order(self, payload: bytes) -> Order | Refusal:
        """Reads one control message; nothing that a client sends raises."""

    @abc.abstractmethod
    def read_stream(self, stream: str) -> tuple[str, str] | None:
        """Reads a stream's name into symbol and channel; None for a form nobody offers."""

    @abc.abstractmethod
    def read_told(self, payload: bytes) -> Told | None:
        """Reads a recorded message of this venue; None for what is no market data of it."""

    @abc.abstractmethod
    def read_listings(self, payload: bytes) -> Mapping[str, tuple[int, int]]:
        """Reads recorded exchange information: exponents of price and quantity by symbol."""

    @abc.abstractmethod
    def read_question(self, target: str) -> Question | Refusal:
        """Reads the target of a REST request."""

    @abc.abstractmethod
    def wrapping(self, stream: str) -> tuple[bytes, bytes]:
        """Returns what stands before and after a payload on a combined connection."""

    @abc.abstractmethod
    def accepted(self, order: Order, result: object = None) -> bytes:
        """Returns the reply to an order that was carried out."""

    @abc.abstractmethod
    def refused(self, order: Order, text: str) -> bytes:
        """Returns the reply to a well-formed order that cannot be carried out."""

    @abc.abstractmethod
    def depth(self, symbol: str, ids: DiffIds, bids: str, asks: str) -> Parts:
        """Renders one diff; ``bids`` and ``asks`` are the inside of JSON arrays."""

    @abc.abstractmethod
    def ticker(self, symbol: str, update_id: int, bid: Level, ask: Level) -> Parts:
        """Renders the best bid and ask, each price and quantity as text."""

    @abc.abstractmethod
    def trade(self, symbol: str, id_: int, level: Level, *, buyer_is_maker: bool) -> Parts:
        """Renders one match."""

    @abc.abstractmethod
    def aggregate_trade(
        self, symbol: str, id_: int, level: Level, *, buyer_is_maker: bool
    ) -> Parts:
        """Renders one match as the aggregate of itself."""

    @abc.abstractmethod
    def shutdown(self, unix_ms: int) -> bytes:
        """Renders the notice that this server goes away."""

    @abc.abstractmethod
    def shutdown_stream(self) -> str:
        """Returns under which stream name that notice goes on a combined connection."""

    @abc.abstractmethod
    def snapshot(
        self, update_id: int, unix_ms: int, bids: Sequence[Level], asks: Sequence[Level]
    ) -> bytes:
        """Renders the answer to a depth request, best levels first."""

    @abc.abstractmethod
    def exchange_info(self, unix_ms: int, listings: Sequence[Listing]) -> bytes:
        """Renders tick and step sizes."""

    @abc.abstractmethod
    def time(self, unix_ms: int) -> bytes:
        """Renders the venue's clock."""

    @abc.abstractmethod
    def unknown_symbol(self) -> Refusal:
        """Returns the answer to a symbol that is not listed."""

    @abc.abstractmethod
    def too_many_requests(self, status: int, until_unix_ms: int) -> Refusal:
        """Returns the answer to a client that must slow down (429) or is banned (418)."""

    @abc.abstractmethod
    def price_writer(self, listing: Listing) -> Writer:
        """Returns what writes prices as the venue does."""

    @abc.abstractmethod
    def quantity_writer(self, listing: Listing) -> Writer:
        """Returns what writes quantities as the venue does."""
