"""Settings of the normalizer."""

import pydantic

from tickwork.unit.model import Model
from tickwork.unit.venue import VenueName


class NormalizerSettings(Model):
    """Which venue's words become records, for which instruments (the index is the id).

    A snapshot with ``snapshot_limit`` levels on a side was cut there: what lies beyond is unknown.
    """

    venue: VenueName
    instruments: tuple[str, ...] = pydantic.Field(min_length=1)
    frame_bytes_max: int = pydantic.Field(default=1 << 20, ge=1024, le=1 << 26)
    snapshot_limit: int = pydantic.Field(default=1000, ge=1, le=5000)
    unparsed_kept_max: int = pydantic.Field(default=64, ge=0, le=65_536)
