"""Puts lines and the REST side together from settings, venue and addresses."""

import dataclasses
import functools
import ssl
from collections.abc import Callable, Iterator

from tickwork.unit.settings import forwarder as forwarder_settings
from tickwork_services.components.forwarder import (
    backoff,
    channel,
    connection,
    endpoint,
    ledger,
    line,
    loop,
    requests,
    resolver,
    rest,
    subscription,
    tally,
    unparsed,
)
from tickwork_services.host import component
from tickwork_services.record import layout
from tickwork_services.venues import venue

BACKOFF_BASE_NS = 100_000_000
STREAMS_PER_REQUEST_MAX = 200
LIFE_SHARE = 0.96
"""A connection is renewed at this share of the life the venue gives it, at the latest."""
APART_SHARE = 0.02
"""Each further line is renewed by this share earlier, so that lines never go together."""


@dataclasses.dataclass(slots=True, kw_only=True)
class Assembly:
    """What every Block's lines and REST client are made of; made at open."""

    settings: forwarder_settings.ForwarderSettings
    side: venue.Client
    websocket_endpoint: endpoint.Endpoint
    rest_endpoint: endpoint.Endpoint
    proxy: endpoint.Endpoint | None
    context: ssl.SSLContext
    attempts: ledger.WindowLedger
    weights: ledger.WeightLedger
    counts: tally.Tally
    unparsed_log: unparsed.UnparsedLog
    log: component.Logger
    fail: component.Fail
    names: resolver.Resolver = dataclasses.field(default_factory=resolver.Resolver)
    shares: list[list[str]] = dataclasses.field(init=False)
    _connections: int = 0

    def __post_init__(self) -> None:
        """Asks the venue for its stream names: what it does not have is refused here."""
        self.shares = subscription.split(
            [self._streams(symbol) for symbol in self.settings.instruments],
            self.side.limits.streams_per_connection,
        )

    def make_lines(self, owner: loop.SocketLoop) -> list[line.Line]:
        """Returns all lines of one Block: every share of the streams once for each name."""
        return [
            self._make_line(owner, index, name, part, tuple(streams))
            for index, name in enumerate(self.counts.names)
            for part, streams in enumerate(self.shares)
        ]

    def make_rest(self, deliver: Callable[[rest.Answer], None]) -> rest.RestClient:
        """Returns the REST side of one Block; the weight used goes on over Blocks."""
        connector = rest.Connector(
            self.rest_endpoint,
            self.proxy,
            self.context if self.rest_endpoint.secure else None,
            self.settings.rest_timeout_ms / 1e3,
        )
        return rest.RestClient(
            venue_name=self.side.name,
            weight_header=self.side.weight_header,
            connector=connector,
            weights=self.weights,
            wait=self._backoff("rest", 0),
            queue_max=self.settings.rest_queue_max,
            deliver=deliver,
            log=self.log,
            fail=self.fail,
            counts=self.counts.rest,
        )

    def information(self) -> rest.Wanted:
        """Returns the request for the scales of all instruments; it is asked until it succeeds."""
        request = self.side.exchange_information_request(self.settings.instruments)
        return rest.Wanted(layout.ANY_INSTRUMENT, 0, request, essential=True)

    def snapshots(self, wanted: requests.SnapshotRequest) -> Iterator[rest.Wanted]:
        """Yields what to fetch for one request; an instrument that is not ours is passed over."""
        symbols = self.settings.instruments
        chosen = range(len(symbols))
        if wanted.instrument != layout.ANY_INSTRUMENT:
            chosen = chosen[wanted.instrument : wanted.instrument + 1]
        for instrument in chosen:
            request = self.side.depth_request(symbols[instrument], self.settings.snapshot_limit)
            yield rest.Wanted(instrument, wanted.correlation, request)

    def close(self) -> None:
        """Ends the resolver's thread."""
        self.names.close()

    def _streams(self, symbol: str) -> tuple[str, ...]:
        return self.side.streams(symbol, self.settings.channels, self.settings.depth_interval_ms)

    def _make_line(
        self, owner: loop.SocketLoop, index: int, name: str, part: int, streams: tuple[str, ...]
    ) -> line.Line:
        identity = line.Identity((index, index + self.settings.lines), name, streams)
        life_ns = min(
            self.side.limits.connection_life_ns * LIFE_SHARE,
            self.settings.renew_after_seconds * 1e9,
        )
        return line.Line(
            identity,
            functools.partial(self._connect, owner, identity, index),
            functools.partial(self.names.look_up, self.proxy or self.websocket_endpoint),
            owner,
            wait=self._backoff(name, part),
            attempts=self.attempts,
            life_ns=int(life_ns * (1 - APART_SHARE * index)),
            counts=self.counts.line_counts[index],
        )

    def _connect(
        self,
        owner: loop.SocketLoop,
        identity: line.Identity,
        index: int,
        attempt: line.Attempt,
    ) -> connection.Connection:
        addresses = attempt.found.result()
        stream = channel.Channel(
            self.websocket_endpoint,
            addresses[attempt.number % len(addresses)],
            self.proxy,
            self.context if self.websocket_endpoint.secure else None,
            self.counts.stamps if self.settings.kernel_stamps else None,
        )
        self._connections += 1
        limits = self.side.limits
        return connection.Connection(
            id_=self._connections,
            line=attempt.slot,
            name=identity.name,
            stream=stream,
            wanted=subscription.Subscription(
                identity.streams, STREAMS_PER_REQUEST_MAX, limits.messages_per_second
            ),
            side=self.side,
            limits=connection.Limits(
                open_ns=self.settings.connect_timeout_ms * 1_000_000,
                stall_ns=int(self.settings.stall_seconds * 1e9),
                close_ns=loop.CLOSE_NS,
                message_bytes_max=self.settings.frame_bytes_max,
            ),
            deliver=owner.on_message,
            on_open=owner.opened,
            log=self.unparsed_log,
            counts=self.counts.connections[index],
            now_ns=attempt.now_ns,
        )

    def _backoff(self, name: str, part: int) -> backoff.Backoff:
        # Each line draws its own waits: lines that fell together must not come back together.
        seed = f"{self.settings.seed}/{name}/{part}"
        return backoff.Backoff(seed, BACKOFF_BASE_NS, self.settings.reconnect_ms_max * 1_000_000)
