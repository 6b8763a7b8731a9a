"""The codec concept: whole records to bytes and back, and what names need to be known for it."""

import abc
from collections.abc import Iterable

from tickwork_services.record import layout

Batch = bytes | bytearray | memoryview


class Instruments:
    """Names and exponents of instruments by id, for codecs that write names and decimals.

    Exponents are learned from records that carry them; learned ones only grow finer.
    """

    def __init__(self, symbols: Iterable[str]) -> None:
        self.symbols = tuple(symbols)
        self._ids = {symbol: id_ for id_, symbol in enumerate(self.symbols)}
        self._exponents: dict[int, tuple[int, int]] = {}

    def learn(self, instrument: int, price_exponent: int, quantity_exponent: int) -> None:
        """Notes the exponents of an instrument; coarser ones than those known change nothing."""
        known = self._exponents.get(instrument, (price_exponent, quantity_exponent))
        self._exponents[instrument] = (
            min(known[0], price_exponent),
            min(known[1], quantity_exponent),
        )

    def set(self, instrument: int, price_exponent: int, quantity_exponent: int) -> None:
        """Sets the exponents of an instrument, as its publisher states them."""
        self._exponents[instrument] = (price_exponent, quantity_exponent)

    def exponents(self, instrument: int) -> tuple[int, int] | None:
        """Returns (price, quantity) exponents, None where nobody said them yet."""
        return self._exponents.get(instrument)

    def name(self, instrument: int) -> str | int | None:
        """Returns the name, the number where there is no name, None for no instrument."""
        if instrument == layout.ANY_INSTRUMENT:
            return None
        return self.symbols[instrument] if instrument < len(self.symbols) else instrument

    def id(self, name: object) -> int:
        """Returns the id of what ``name`` gave; raises ValueError for an unknown name."""
        if name is None:
            return layout.ANY_INSTRUMENT
        if isinstance(name, int) and 0 <= name < layout.ANY_INSTRUMENT:
            return name
        if isinstance(name, str) and name in self._ids:
            return self._ids[name]
        raise ValueError(f"instrument {name!r} is not among {len(self.symbols)} known ones")


class Codec(abc.ABC):
    """Turns whole padded records into bytes, and a stream of such bytes back into records."""

    @abc.abstractmethod
    def encode(self, batch: Batch) -> bytes:
        """Returns the bytes of all records of ``batch``. Raises RecordError for a wrong one."""

    @abc.abstractmethod
    def feed(self, chunk: Batch) -> bytes:
        """Takes the next bytes of a stream, cut anywhere; returns the records they complete.

        What is no record is counted in ``malformed`` and passed over, never fatal.
        """

    malformed: int = 0
    """Pieces of the stream that were no record."""

    records: int = 0
    """Records that the stream has brought."""

    def end(self) -> int:
        """Ends the stream; returns how many bytes of an unfinished record were thrown away."""
        return 0
