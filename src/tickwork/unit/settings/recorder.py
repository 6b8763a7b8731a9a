"""Settings of the recorder."""

import pydantic

from tickwork.unit.model import Model, Place
from tickwork.unit.venue import VenueName


class RecorderTuning(Model):
    """Where recordings go: a ``file`` (a run of one Block), or a ``directory`` (one a Block).

    ``buffer_bytes`` is the room between forwarder and recorder; a frame that finds none is not
    recorded, and counted.
    """

    file: Place | None = None
    directory: Place | None = None
    buffer_bytes: int = pydantic.Field(default=16 << 20, ge=1 << 16, le=1 << 30)


class RecorderSettings(RecorderTuning):
    """What is recorded; ``lines`` and ``hold_ms`` are the forwarder's, for whoever merges again."""

    venue: VenueName
    instruments: tuple[str, ...] = pydantic.Field(min_length=1)
    lines: int = pydantic.Field(ge=1)
    hold_ms: int = pydantic.Field(ge=0)
