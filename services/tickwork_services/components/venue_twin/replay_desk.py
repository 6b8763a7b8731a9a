"""REST of a replay: what the recording's own book or its own answers say at that instant.

A snapshot holds every level that the recording knows, whatever limit was asked: cut at a limit,
the books of a replay would know less than those that were recorded, and no digest would be equal.
"""

from collections.abc import Callable

from tickwork.unit.settings import venue_twin
from tickwork_services import clocks
from tickwork_services.components.venue_twin import faults, limits, market, playback, replica
from tickwork_services.venues import venue

NOT_KNOWN = venue.Refusal(
    b'{"code":-1001,"msg":"The recording holds no snapshot from here on."}', 503
)


class ReplayDesk:
    """Stands behind the REST connections of a twin that plays a recording."""

    def __init__(
        self,
        settings: venue_twin.VenueTwinSettings,
        server: venue.Server,
        source: playback.Playback,
        now_ns: Callable[[], int],
    ) -> None:
        self.now_ns = now_ns
        self.counts = {"snapshots": 0}
        self._server = server
        self._source = source
        self._weights = limits.Weights(
            settings.weight_per_minute_max or server.limits.weight_per_minute
        )
        self._write_truth: Callable[[bytes], None] | None = None
        self._unix_map = clocks.measure_unix_map()

    def begin(
        self,
        schedule: faults.Schedule,  # noqa: ARG002 — a recording is played as it is
        write_truth: Callable[[bytes], None],
        unix_map: clocks.UnixMap,
    ) -> None:
        """Takes where the truth of a stretch goes."""
        self._write_truth = write_truth
        self._unix_map = unix_map

    def end(self) -> None:
        """Ends the stretch: no more truth is written."""
        self._write_truth = None

    def note(self, message: market.Message) -> None:
        """Nothing to follow: the source keeps its own books."""

    def unix_ns(self, mono_ns: int) -> int:
        """Returns the Unix time of a mono stamp."""
        return self._unix_map.to_unix_ns(mono_ns)

    def judge(self, address: str, weight: int) -> limits.Verdict:
        """Counts a request and says whether it is answered."""
        return self._weights.judge(address, weight, self.now_ns())

    def answer(self, question: venue.Question) -> tuple[bytes, int] | venue.Refusal:
        """Returns the body of an answer, without delay, or a refusal."""
        unix_ms = clocks.now_unix_ns() // 1_000_000
        if question.kind == "depth":
            return self._answer_depth(question, unix_ms)
        if question.kind == "exchangeInfo":
            return self._answer_information(question, unix_ms)
        return (self._server.time(unix_ms) if question.kind == "time" else b"{}"), 0

    def _answer_information(
        self, question: venue.Question, unix_ms: int
    ) -> tuple[bytes, int] | venue.Refusal:
        listings = {each.symbol: each.listing for each in self._source.instruments}
        if any(symbol not in listings for symbol in question.symbols):
            return self._server.unknown_symbol()
        recorded = self._source.held.information
        if recorded is not None:
            return recorded, 0
        wanted = question.symbols or tuple(listings)
        return self._server.exchange_info(unix_ms, [listings[each] for each in wanted]), 0

    def _answer_depth(
        self, question: venue.Question, unix_ms: int
    ) -> tuple[bytes, int] | venue.Refusal:
        found = self._source.find(question.symbol)
        if found is None:
            return self._server.unknown_symbol()
        self.counts["snapshots"] += 1
        tracker = found.tracker
        recorded = tracker.take_beginning() if tracker.book else tracker.next_snapshot()
        if recorded is None and tracker.book is not None:
            self._prove(tracker.book, found.index)
            return self._render(tracker.book, found.listing, unix_ms), 0
        if recorded is None:
            return NOT_KNOWN
        self._prove(tracker.book_of(recorded), found.index)
        return recorded.payload, 0

    def _prove(self, book: replica.Replica, instrument: int) -> None:
        """Writes what is true at the snapshot's update id."""
        if self._write_truth is not None:
            self._write_truth(book.truth(instrument))

    def _render(self, book: replica.Replica, listing: venue.Listing, unix_ms: int) -> bytes:
        write_price = self._server.price_writer(listing)
        write_quantity = self._server.quantity_writer(listing)
        bids, asks = (
            [(write_price(price), write_quantity(quantity)) for price, quantity in levels]
            for levels in (book.bids.best_first(), book.asks.best_first())
        )
        return self._server.snapshot(book.update_id, unix_ms, bids, asks)
