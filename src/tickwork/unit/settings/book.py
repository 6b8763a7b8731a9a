"""Settings of the book."""

from typing import Literal

import pydantic

from tickwork.unit.model import Model
from tickwork.unit.venue import VenueName


class BookTuning(Model):
    """How books are kept and proven; ``depth`` is the number of levels a side in images."""

    depth: int = pydantic.Field(default=20, ge=1, le=5000)
    stale_after_ms: int = pydantic.Field(default=1000, ge=1, le=86_400_000)
    buffered_deltas_max: int = pydantic.Field(default=10_000, ge=1, le=10_000_000)
    snapshot_retry_ms: int = pydantic.Field(default=2000, ge=10, le=86_400_000)
    proof: tuple[Literal["ticker", "truth"], ...] = pydantic.Field(
        default=("ticker",), max_length=16
    )


class BookSettings(BookTuning):
    """A book's tuning, and whose books it keeps."""

    venue: VenueName
    instruments: tuple[str, ...] = pydantic.Field(min_length=1)
