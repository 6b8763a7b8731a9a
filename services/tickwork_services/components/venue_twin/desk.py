"""Answers REST questions from the true book, within the weight, and with the faults on request."""

from collections.abc import Callable

from tickwork.unit.settings import venue_twin
from tickwork_services import clocks
from tickwork_services.components.venue_twin import faults, limits, market, mirror, session
from tickwork_services.venues import venue


class Desk:
    """What stands behind the REST connections of one twin."""

    def __init__(
        self,
        settings: venue_twin.VenueTwinSettings,
        server: venue.Server,
        source: session.Session,
        now_ns: Callable[[], int],
    ) -> None:
        self.now_ns = now_ns
        self.counts = {"snapshots": 0}
        self._server = server
        self._session = source
        self._instruments = {each.symbol: each for each in source.instruments}
        self._weights = limits.Weights(
            settings.weight_per_minute_max or server.limits.weight_per_minute
        )
        self._schedule = faults.Schedule((), settings.instruments)
        self._old: dict[str, market.Snapshot] = {}
        self._write_truth: Callable[[bytes], None] = _discard
        self._unix_map = clocks.measure_unix_map()
        ahead = source.rate > session.LIVE_RATE_MAX
        self._mirrors = mirror.Mirrors(source.instruments) if ahead else None

    def begin(
        self,
        schedule: faults.Schedule,
        write_truth: Callable[[bytes], None],
        unix_map: clocks.UnixMap,
    ) -> None:
        """Takes the faults of a stretch; keeps old books where a stale snapshot is planned."""
        self._schedule = schedule
        self._write_truth = write_truth
        self._unix_map = unix_map
        stale = any(each.fault.kind == "staleSnapshot" for each in schedule.injections)
        self._old = (
            {symbol: self._snapshot(each, None) for symbol, each in self._instruments.items()}
            if stale
            else {}
        )

    def end(self) -> None:
        """Ends the stretch: no more truth is written."""
        self._write_truth = _discard

    def note(self, message: market.Message) -> None:
        """Follows the wire where messages were rendered ahead of it; afterwards books are equal."""
        if self._mirrors is None:
            return
        if not self._session.rendered:
            self._mirrors = None
        elif message.truth:
            self._mirrors.note(message)

    def unix_ns(self, mono_ns: int) -> int:
        """Returns the Unix time of a mono stamp."""
        return self._unix_map.to_unix_ns(mono_ns)

    def judge(self, address: str, weight: int) -> limits.Verdict:
        """Counts a request and says whether it is answered."""
        now_ns = self.now_ns()
        limited = self._schedule.take_rest_fault(("rateLimit",), None)
        if limited is not None:
            limited.note(clocks.now_unix_ns(), 0)
            return self._weights.limit(address, limited.fault.duration_ms * 1_000_000, now_ns)
        return self._weights.judge(address, weight, now_ns)

    def answer(self, question: venue.Question) -> tuple[bytes, int] | venue.Refusal:
        """Returns the body of an answer and how long to hold it back, or a refusal."""
        unix_ms = clocks.now_unix_ns() // 1_000_000
        if question.kind == "depth":
            return self._answer_depth(question, unix_ms)
        if question.kind == "exchangeInfo":
            if any(symbol not in self._instruments for symbol in question.symbols):
                return self._server.unknown_symbol()
            symbols = question.symbols or tuple(self._instruments)
            listings = [self._instruments[symbol].listing for symbol in symbols]
            return self._server.exchange_info(unix_ms, listings), 0
        return (self._server.time(unix_ms) if question.kind == "time" else b"{}"), 0

    def _answer_depth(
        self, question: venue.Question, unix_ms: int
    ) -> tuple[bytes, int] | venue.Refusal:
        instrument = self._instruments.get(question.symbol)
        if instrument is None:
            return self._server.unknown_symbol()
        self.counts["snapshots"] += 1
        fault = self._schedule.take_rest_fault(("staleSnapshot", "slowSnapshot"), question.symbol)
        snapshot, delay_ns = None, 0
        if fault is not None and fault.fault.kind == "slowSnapshot":
            delay_ns = fault.fault.duration_ms * 1_000_000
        elif fault is not None:
            snapshot = self._old.get(question.symbol)
        if snapshot is None:
            snapshot = self._snapshot(instrument, question.limit)
            self._prove(instrument)
        if fault is not None:
            fault.note(clocks.now_unix_ns(), 0, snapshot.update_id)
        limit = question.limit
        bids, asks = snapshot.bids[:limit], snapshot.asks[:limit]
        return self._server.snapshot(snapshot.update_id, unix_ms, bids, asks), delay_ns

    def _snapshot(self, instrument: market.Instrument, limit: int | None) -> market.Snapshot:
        if self._mirrors is not None:
            return self._mirrors.snapshot(instrument.index, limit)
        return instrument.snapshot(limit)

    def _prove(self, instrument: market.Instrument) -> None:
        """Writes what is true at the snapshot's update id, which may lie between two diffs."""
        ahead = self._mirrors
        self._write_truth(ahead.truth(instrument.index) if ahead else instrument.truth_now())


def _discard(_row: bytes) -> None:
    """Takes truth between stretches, when there is no file for it."""
