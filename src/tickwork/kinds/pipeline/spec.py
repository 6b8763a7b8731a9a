"""What a person may write below ``spec.pipeline``; the defaults that no component has."""

from collections.abc import Mapping
from typing import Annotated, Literal

import pydantic

from tickwork.unit.model import KEYED_BY_NAME, Model, Place
from tickwork.unit.settings.book import BookTuning
from tickwork.unit.settings.forwarder import ForwarderTuning, Subscription
from tickwork.unit.settings.publisher import NAME_PATTERN, PublisherTuning
from tickwork.unit.settings.recorder import RecorderTuning
from tickwork.unit.settings.venue_twin import VenueTwinTuning
from tickwork.unit.transport import TransportName, WaitName
from tickwork.unit.venue import VenueName

UNIT_PATTERN = r"^[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?$"
PIPELINE_GROUP = "pipeline"
VENUE_GROUP = "venue"
UNITS_MAX = 128
# The kernel's own masks of cores end here.
CORE_LAST = 8191

Core = Annotated[int, pydantic.Field(ge=0, le=CORE_LAST)]
Cores = Annotated[tuple[Core, ...], pydantic.Field(max_length=CORE_LAST + 1)]


class VenueEndpoint(Model):
    """Where the venue is, if not at its own hosts.

    ``websocket`` and ``rest`` are URLs, or ``host:port`` to which ``tls`` gives the scheme.
    """

    websocket: Place | None = None
    rest: Place | None = None
    tls: bool = True
    ca_file: Place | None = None
    proxy: Place | None = None


class Venue(Subscription):
    """Which venue is read, and what of it; without ``twin`` it is the real exchange."""

    name: VenueName
    endpoint: VenueEndpoint | None = None
    twin: VenueTwinTuning | None = None


class Tcp(Model):
    """The NDJSON server; without ``port`` the executor finds one, as it does for every arm."""

    port: int | None = pydantic.Field(default=9000, ge=1, le=65_535)


class Publish(PublisherTuning):
    """Under which name books are published; ``name`` defaults to the Experiment's."""

    name: str | None = pydantic.Field(default=None, pattern=NAME_PATTERN, max_length=31)
    tcp: Tcp | None = None


class Consumer(Model):
    """A reader of the published tops; ``group`` is the machine it shares."""

    name: str = pydantic.Field(pattern=UNIT_PATTERN, max_length=30)
    transport: TransportName
    group: str = pydantic.Field(default=PIPELINE_GROUP, pattern=UNIT_PATTERN, max_length=30)
    batch_records_max: int = pydantic.Field(default=4096, ge=1, le=1 << 20)


class PipelineSpec(Model):
    """A market-data provider: venue, forwarder, normalizer, book, publisher, consumers.

    ``record`` keeps every frame that arrives in a file. ``cpus`` maps a unit's name to the cores
    it may run on. ``real_time_priority`` and ``lock_memory`` are asked for and warned about where
    they are not permitted.
    """

    venue: Venue
    forwarder: ForwarderTuning = ForwarderTuning()
    book: BookTuning = BookTuning()
    placement: Literal["split", "fused"] = "split"
    wait: WaitName = "park"
    pipe_bytes: int = pydantic.Field(default=16 << 20, ge=1 << 16, le=1 << 30)
    publish: Publish = Publish()
    consumers: tuple[Consumer, ...] = pydantic.Field(
        default=(), max_length=64, json_schema_extra=KEYED_BY_NAME
    )
    record: RecorderTuning | None = None
    cpus: Mapping[str, Cores] = pydantic.Field(default_factory=dict, max_length=UNITS_MAX)
    real_time_priority: int | None = pydantic.Field(default=None, ge=1, le=99)
    lock_memory: bool = False
