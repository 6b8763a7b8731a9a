"""Settings of the publisher."""

import pydantic

from tickwork.unit.model import Model
from tickwork.unit.venue import VenueName

NAME_PATTERN = r"^[a-z0-9][a-z0-9-]{0,30}$"


class PublisherTuning(Model):
    """How much a publisher holds; ``ring_slots`` is a power of two."""

    ring_slots: int = pydantic.Field(default=131_072, ge=64, le=1 << 24)
    depth_bytes: int = pydantic.Field(default=16 << 20, ge=1 << 16, le=1 << 34)
    client_queue_bytes_max: int = pydantic.Field(default=4 << 20, ge=1 << 12, le=1 << 34)
    clients_max: int = pydantic.Field(default=64, ge=1, le=65_536)


class PublisherSettings(PublisherTuning):
    """A publisher's tuning, and what it publishes under which name."""

    venue: VenueName
    instruments: tuple[str, ...] = pydantic.Field(min_length=1)
    name: str = pydantic.Field(pattern=NAME_PATTERN)
    depth: int = pydantic.Field(default=20, ge=1, le=5000)
