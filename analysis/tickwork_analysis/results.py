"""The models of ``results.json``; docs/reference/results.md says what each key means."""

from typing import Literal

import pydantic
import pydantic.alias_generators

Status = Literal["complete", "interrupted", "failed"]


class Model(pydantic.BaseModel):
    """A frozen part of the results; camelCase in JSON, snake_case here."""

    model_config = pydantic.ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=pydantic.alias_generators.to_camel,
        populate_by_name=True,
    )


class Resyncs(Model):
    """How long books were out of sync, in milliseconds; None where none ever was."""

    n: int = 0
    p50: float | None = None
    max: float | None = None


class Book(Model):
    """The proof: what was compared with what, and how often it was equal."""

    instruments: int
    updates: int
    live_share: float | None
    compared: int
    equal: int
    ticker_compared: int
    ticker_equal: int
    ticker_unpaired: int
    gaps: int
    resyncs: int
    open_gaps: int
    resync_ms: Resyncs


class Hop(Model):
    """One hop of one arm over all measured seconds. None: nothing recorded, or no interval."""

    arm: str
    name: str
    n: int
    p50_ns: int | None
    p50_low_ns: int | None = None
    p50_high_ns: int | None = None
    p90_ns: int | None
    p90_low_ns: int | None = None
    p90_high_ns: int | None = None
    p99_ns: int | None
    p99_low_ns: int | None = None
    p99_high_ns: int | None = None
    p999_ns: int | None
    p999_low_ns: int | None = None
    p999_high_ns: int | None = None
    max_ns: int | None
    clock_bound_ns: int | None
    negative: int


class Consumer(Model):
    """What one consumer got; the percentiles are publish to read."""

    arm: str
    name: str
    transport: str
    received: int
    lost: int
    laps: int
    p50_ns: int | None
    p99_ns: int | None


class Line(Model):
    """One line of a merged stream: how often it came first, and by how much."""

    name: str
    wins: int
    lead_p50_ns: int | None
    reconnects: int


class Losses(Model):
    """Everything that was lost, dropped, refused or cut, by name; 0 means counted and none."""

    scheduled: int
    injected: int
    frames: int
    records: int
    unparsed: int
    tcp_clients_cut: int
    buffers_full: int


class Queue(Model):
    """How full a link ever was, in bytes."""

    link: str
    high_water: int
    capacity: int


class Restart(Model):
    """A unit that died and was started again; ``at_ms`` counts from the start of its Block."""

    unit: str
    incarnation: int
    block: str
    at_ms: int


class Recording(Model):
    """What a recorder kept of one Block; ``reason`` says why it is not all."""

    arm: str
    file: str
    status: Literal["recording", "complete", "partial"]
    reason: str | None
    frames: int
    dropped: int
    unrecorded: int
    file_bytes: int


class Host(Model):
    """The machine and build that were measured. None: no unit said it."""

    cpus: int | None
    clock_source: str | None
    fast_clock_bound_ns: int | None
    wait: str | None
    limit: str
    kernel: str | None
    build: str | None
    cgroup: str | None = None
    qos_class: str | None = None
    affinity_exclusive: bool | None = None
    cpu_quota: float | None = None
    memory_bytes_max: int | None = None
    cpu_throttled_ns: int | None = None
    secured: bool | None = None


class Comparison(Model):
    """One hop's median of an arm against the first arm, over paired repeats."""

    hop: str
    arm: str
    baseline: str
    pairs: int
    p50_delta_ns: int | None
    p50_delta_low_ns: int | None
    p50_delta_high_ns: int | None


class Results(Model):
    """All of results.json."""

    schema_version: Literal["1.0"] = "1.0"
    kind: str
    name: str
    status: Status
    verdict: str
    book: Book
    hops: tuple[Hop, ...]
    consumers: tuple[Consumer, ...]
    lines: tuple[Line, ...]
    losses: Losses
    queues: tuple[Queue, ...]
    host: Host
    comparisons: tuple[Comparison, ...] = ()
    recordings: tuple[Recording, ...] = ()
    restarts: tuple[Restart, ...] = ()
    counters: dict[str, int] = pydantic.Field(default_factory=dict)
