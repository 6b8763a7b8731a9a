"""The layouts as NumPy dtypes, and their offsets for ``struct``.

Here: field names, formats and offsets of ``docs/reference/records.md``. NumPy is imported by the
functions that need it, so that a process without arrays does not pay for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np

Fields = tuple[tuple[str, str, int], ...]

ABSENT: Final = -(2**63)
ANY_INSTRUMENT: Final = 0xFFFF

TOP_LEN: Final = 64
TOP_FIELDS: Final[Fields] = (
    ("sequence", "<u8", 0),
    ("type", "u1", 8),
    ("state", "u1", 9),
    ("instrument", "<u2", 10),
    ("received_to_published_ns", "<u4", 12),
    ("update_id", "<u8", 16),
    ("bid", "<i8", 24),
    ("bid_quantity", "<i8", 32),
    ("ask", "<i8", 40),
    ("ask_quantity", "<i8", 48),
    ("published_ns", "<i8", 56),
)

FRAME_HEADER_LEN: Final = 64
FRAME_FIELDS: Final[Fields] = (
    ("sequence", "<u8", 0),
    ("type", "u1", 8),
    ("venue", "u1", 9),
    ("kind", "u1", 10),
    ("flags", "u1", 11),
    ("instrument", "<u2", 12),
    ("line", "<u2", 14),
    ("kernel_ns", "<i8", 16),
    ("received_ns", "<i8", 24),
    ("connection", "<u4", 32),
    ("length", "<u4", 36),
    ("requested_ns", "<i8", 40),
    ("correlation", "<u8", 48),
    ("frame_id", "<u8", 56),
)

MARKET_HEADER_LEN: Final = 128
MARKET_FIELDS: Final[Fields] = (
    ("sequence", "<u8", 0),
    ("type", "u1", 8),
    ("venue", "u1", 9),
    ("state", "u1", 10),
    ("flags", "u1", 11),
    ("instrument", "<u2", 12),
    ("price_exponent", "i1", 14),
    ("quantity_exponent", "i1", 15),
    ("first", "<u8", 16),
    ("last", "<u8", 24),
    ("previous", "<u8", 32),
    ("event_unix_ns", "<i8", 40),
    ("match_unix_ns", "<i8", 48),
    ("received_ns", "<i8", 56),
    ("bids", "<u4", 64),
    ("asks", "<u4", 68),
    ("line", "<u2", 72),
    ("connection", "<u4", 76),
    ("frame_id", "<u8", 80),
    ("kernel_ns", "<i8", 88),
    ("parsed_ns", "<i8", 96),
    ("booked_ns", "<i8", 104),
    ("published_ns", "<i8", 112),
    ("correlation", "<u8", 120),
)

LEVEL_LEN: Final = 16


_made: dict[Fields, np.dtype[np.void]] = {}


def _dtype(fields: Fields, length: int) -> np.dtype[np.void]:
    if fields in _made:
        return _made[fields]
    import numpy as np  # noqa: PLC0415  processes without arrays do not pay for it

    names, formats, offsets = zip(*fields, strict=True)
    _made[fields] = np.dtype(
        {
            "names": list(names),
            "formats": list(formats),
            "offsets": list(offsets),
            "itemsize": length,
        }
    )
    return _made[fields]


def top_dtype() -> np.dtype[np.void]:
    """Top of a book, 64 bytes; prices and quantities are int64 mantissas, ABSENT where empty."""
    return _dtype(TOP_FIELDS, TOP_LEN)


def frame_dtype() -> np.dtype[np.void]:
    """Header of a frame record, 64 bytes; the payload of ``length`` bytes follows."""
    return _dtype(FRAME_FIELDS, FRAME_HEADER_LEN)


def market_dtype() -> np.dtype[np.void]:
    """Header of a market record, 128 bytes; ``bids`` then ``asks`` levels follow."""
    return _dtype(MARKET_FIELDS, MARKET_HEADER_LEN)


def level_dtype() -> np.dtype[np.void]:
    """One level: price and quantity as int64 mantissas."""
    return _dtype((("price", "<i8", 0), ("quantity", "<i8", 8)), LEVEL_LEN)


def __getattr__(name: str) -> np.dtype[np.void]:
    if name == "TOP_DTYPE":
        return top_dtype()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
