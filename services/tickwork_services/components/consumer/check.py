"""What a consumer checks of every record: its type, state, sequence, prices and stamps."""

import struct
from collections.abc import Sequence

from tickwork_services.record import layout

_TOP = struct.Struct("<QBBHIQqqqqq")
Tops = list[tuple[int, ...]]
"""Tops as their fields, in the order of the layout."""

SEQUENCE, TYPE, STATE, INSTRUMENT, LATENCY_NS = 0, 1, 2, 3, 4
BID, BID_QUANTITY, ASK, ASK_QUANTITY, PUBLISHED_NS = 6, 7, 8, 9, 10


class Check:
    """Counts what is wrong with a stream of tops; knows the last sequence and the last states."""

    def __init__(self, instruments: int) -> None:
        self._instruments = instruments
        self._states: list[int] = [layout.EMPTY] * instruments
        self._last: int | None = None
        self.received = 0
        self._gaps = 0
        self._malformed = 0
        self._crossed = 0
        self._statuses = 0

    def begin(self) -> None:
        """Begins a stretch: where the sequence goes on from is not known."""
        self._last = None

    def take(self, data: memoryview, records: int, lost: int) -> Tops:
        """Returns the sound tops of a batch that are news; everything else is counted.

        A top without a sequence is an image of what was there before this reader came.
        """
        if len(data) == records * layout.ALIGN_BYTES:
            tops = list(_TOP.iter_unpack(data))
        else:
            tops = self._pick_tops(data)
        self.received += sum(1 for top in tops if top[SEQUENCE])
        sound = [top for top in tops if self._is_sound(top)]
        for top in sound:
            self._states[top[INSTRUMENT]] = top[STATE]
            if top[SEQUENCE]:
                self._follow(top[SEQUENCE], lost)
                lost = 0
        return [top for top in sound if top[SEQUENCE]]

    def counters(self) -> dict[str, int]:
        """Returns received, gaps, malformed, crossed, statuses; cumulative."""
        return {
            "received": self.received,
            "gaps": self._gaps,
            "malformed": self._malformed,
            "crossed": self._crossed,
            "statuses": self._statuses,
        }

    def states(self, symbols: Sequence[str]) -> dict[str, str]:
        """Returns the last state of every instrument by name."""
        names = [layout.STATE_NAMES[state] for state in self._states]
        return dict(zip(symbols, names, strict=True))

    def _pick_tops(self, data: memoryview) -> Tops:
        """Takes the tops out of a batch with other records; a status says STALE for all."""
        tops: Tops = []
        for record in layout.split(data):
            if record[8] == layout.TOP:
                tops.append(_TOP.unpack(record))
            elif record[8] == layout.STATUS:
                self._statuses += 1
                self._states = [layout.STALE] * self._instruments
            else:
                self._malformed += 1
        return tops

    def _is_sound(self, top: tuple[int, ...]) -> bool:
        """Says whether the fields can be true; a crossed LIVE book is counted, and kept."""
        if (
            top[TYPE] != layout.TOP
            or top[STATE] > layout.CLOSED
            or top[INSTRUMENT] >= self._instruments
            or top[PUBLISHED_NS] == layout.ABSENT
            or top[BID_QUANTITY] < 0
            or top[ASK_QUANTITY] < 0
        ):
            self._malformed += 1
            return False
        if top[STATE] == layout.LIVE and layout.ABSENT not in (top[BID], top[ASK]):
            self._crossed += top[BID] >= top[ASK]
        return True

    def _follow(self, sequence: int, lost: int) -> None:
        """Counts numbers that are missing although nobody said that they were lost.

        A number that goes back belongs to a publisher that began anew.
        """
        if self._last is not None and sequence > self._last + 1 + lost:
            self._gaps += sequence - self._last - 1 - lost
        self._last = sequence
