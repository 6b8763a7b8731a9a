"""Settings of the venue twin."""

from typing import Annotated, Literal

import pydantic

from tickwork.unit.model import Model, Place
from tickwork.unit.venue import ChannelName, Symbol, VenueName

FAULTS_MAX = 128

FaultKind = Literal[
    "drop",
    "duplicate",
    "delay",
    "reorder",
    "splitFrames",
    "stall",
    "disconnect",
    "slowSnapshot",
    "staleSnapshot",
    "malformed",
    "oversized",
    "serverShutdown",
    "rateLimit",
]


class Fault(Model):
    """One fault of the schedule; a fault on messages counts depth messages.

    ``at_seconds`` counts from the start instant. ``lines``: one (the first connection) or all.
    """

    at_seconds: float = pydantic.Field(ge=0, le=604_800)
    kind: FaultKind
    instrument: Symbol | None = None
    count: int = pydantic.Field(default=1, ge=1, le=1_000_000_000)
    lines: Literal["one", "all"] = "one"
    mid_frame: bool = False
    duration_ms: int = pydantic.Field(default=500, ge=0, le=604_800_000)


class Mix(Model):
    """Shares of the message kinds; they sum to 1."""

    depth: float = pydantic.Field(default=0.80, ge=0, le=1)
    book_ticker: float = pydantic.Field(default=0.15, ge=0, le=1)
    trade: float = pydantic.Field(default=0.05, ge=0, le=1)


class Engine(Model):
    """The seeded matching engine; ``messages_per_second`` is of all instruments together."""

    messages_per_second: int = pydantic.Field(default=5000, ge=1, le=200_000)
    mix: Mix = Mix()
    levels_max: int = pydantic.Field(default=500, ge=5, le=5000)


def _in_words(value: object) -> object:
    """Takes the plain number that a person writes."""
    return f"{value:g}" if isinstance(value, int | float) and value is not True else value


SPEED_PATTERN = r"^(max|0*[1-9][0-9]*(\.[0-9]+)?|0+\.[0-9]*[1-9][0-9]*)$"


class Replay(Model):
    """Play a recording instead of the engine.

    ``capture`` is a recording of ours, or any capture that `tickwork audit` reads. ``speed`` is a
    multiple of the recorded pace, or ``max`` for as fast as the readers take it.
    """

    capture: Place = pydantic.Field(min_length=1)
    speed: Annotated[
        str,
        pydantic.BeforeValidator(_in_words),
        pydantic.Field(pattern=SPEED_PATTERN, max_length=32),
        pydantic.WithJsonSchema(
            {
                "anyOf": [
                    {"type": "number", "exclusiveMinimum": 0},
                    {"type": "string", "pattern": SPEED_PATTERN, "maxLength": 32},
                ]
            }
        ),
    ] = "1"


class VenueTwinTuning(Model):
    """How the twin behaves: its engine or its recording, its faults, its limits.

    Limits that are None are the venue's own. ``oversized_bytes`` is how long an oversized message
    is. Above 20,000 messages a second the first ``prerendered_seconds`` are rendered before the
    twin is ready. With a certificate and its key (PEM files) both ports speak TLS.
    """

    engine: Engine = Engine()
    replay: Replay | None = None
    faults: tuple[Fault, ...] = pydantic.Field(default=(), max_length=FAULTS_MAX)
    corrupt_truth_every: int = pydantic.Field(default=0, ge=0, le=1_000_000_000)
    ping_interval_ms: int = pydantic.Field(default=20_000, ge=10, le=86_400_000)
    pong_timeout_ms: int = pydantic.Field(default=60_000, ge=10, le=86_400_000)
    connection_life_seconds: int = pydantic.Field(default=86_400, ge=1, le=604_800)
    messages_in_per_second_max: int | None = pydantic.Field(default=None, ge=1, le=1_000_000_000)
    streams_per_connection_max: int | None = pydantic.Field(default=None, ge=1, le=1_000_000_000)
    connection_attempts_max: int | None = pydantic.Field(default=None, ge=1, le=1_000_000_000)
    weight_per_minute_max: int | None = pydantic.Field(default=None, ge=1, le=1_000_000_000)
    write_buffer_bytes_max: int = pydantic.Field(default=8 << 20, ge=1 << 16, le=1 << 34)
    oversized_bytes: int = pydantic.Field(default=(1 << 20) + (1 << 16), ge=1 << 10, le=1 << 26)
    prerendered_seconds: float = pydantic.Field(default=10.0, ge=0, le=60)
    tls_certificate_file: Place | None = None
    tls_key_file: Place | None = None


class VenueTwinSettings(VenueTwinTuning):
    """What the twin pretends to be.

    A replay begins when ``lines`` connections listen. ``sum_payloads``: SHA-256 over what goes out
    on each line, for whoever records it.
    """

    venue: VenueName
    instruments: tuple[str, ...] = pydantic.Field(min_length=1)
    channels: tuple[ChannelName, ...] = ("depth", "bookTicker", "trade")
    seed: int
    lines: int = pydantic.Field(default=1, ge=1)
    sum_payloads: bool = False
