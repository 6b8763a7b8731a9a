"""What a cluster says of an Experiment: the status of the custom resource.

The operator writes all of it but ``progress``, which is the Conductor's. Nothing is bounded and
almost nothing is required: a status that an API server refuses would leave a run untold.
"""

import pydantic

from tickwork.unit.model import Model

CONDITIONS = (
    "Planned",
    "Scheduled",
    "Ready",
    "Running",
    "Collected",
    "Complete",
    "Failed",
    "Suspended",
)
PHASES = (
    "Pending",
    "Suspended",
    "Planned",
    "Starting",
    "Running",
    "Collecting",
    "Complete",
    "Failed",
)

_INSTANT: dict[str, pydantic.JsonValue] = {"format": "date-time"}


class Condition(Model):
    """One of the conditions, which are the truth; the phase is computed from them."""

    type: str
    status: str
    observed_generation: int | None = None
    last_transition_time: str | None = pydantic.Field(default=None, json_schema_extra=_INSTANT)
    reason: str | None = None
    message: str | None = None


class Progress(Model):
    """How far the run is; written by the Conductor of ``run``, the attempt's name."""

    run: str | None = None
    percent: float | None = None
    block: int | None = None
    blocks: int | None = None
    phase: str | None = None
    message: str | None = None
    start_unix_ns: int | None = None


class BookDigest(Model):
    """What the proof of the books came to."""

    model_config = pydantic.ConfigDict(extra="allow")

    compared: int | None = None
    equal: int | None = None
    live_share: float | None = None
    gaps: int | None = None
    open_gaps: int | None = None


class QuestionDigest(Model):
    """One question's figures in one arm; the low and high ends are of its interval."""

    model_config = pydantic.ConfigDict(extra="allow")

    name: str | None = None
    arm: str | None = None
    n: int | None = None
    p50_ns: float | None = None
    p50_low_ns: float | None = None
    p50_high_ns: float | None = None
    p99_ns: float | None = None


class Digest(Model):
    """A few hundred bytes of the results; all of them are in the run directory."""

    model_config = pydantic.ConfigDict(extra="allow")

    status: str | None = None
    exit_code: int | None = None
    verdict: str | None = None
    book: BookDigest | None = None
    questions: tuple[QuestionDigest, ...] = ()
    skew_ns: float | None = None
    start_unix_ns: int | None = None


class Results(Model):
    """Where the run directory is, how to fetch it, and whether it is still there."""

    sink: str | None = None
    where: str | None = None
    fetch: str | None = None
    available: bool | None = None


class Status(Model):
    """What is known of the run; instants are RFC 3339, ``attempt`` counts resumptions."""

    observed_generation: int | None = None
    conditions: tuple[Condition, ...] = pydantic.Field(
        default=(),
        json_schema_extra={
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["type"],
        },
    )
    phase: str | None = None
    reason: str | None = None
    message: str | None = None
    kind: str | None = None
    run: str | None = None
    attempt: int | None = None
    start_time: str | None = pydantic.Field(default=None, json_schema_extra=_INSTANT)
    planned_start: str | None = pydantic.Field(default=None, json_schema_extra=_INSTANT)
    completion_time: str | None = pydantic.Field(default=None, json_schema_extra=_INSTANT)
    skew_ns: float | None = None
    p50: str | None = None
    p99: str | None = None
    nodes: str | None = None
    units: int | None = None
    restarts: int | None = None
    progress: Progress | None = None
    digest: Digest | None = None
    results: Results | None = None
