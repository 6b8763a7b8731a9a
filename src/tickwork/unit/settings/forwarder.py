"""Settings of the forwarder."""

import pydantic

from tickwork.unit.model import Model
from tickwork.unit.venue import ChannelName, Instruments, VenueName


class ForwarderTuning(Model):
    """How lines are read: how many, how long to wait, how much to hold."""

    lines: int = pydantic.Field(default=2, ge=1, le=4)
    kernel_stamps: bool = True
    frame_bytes_max: int = pydantic.Field(default=1 << 20, ge=1024, le=1 << 26)
    stall_seconds: float = pydantic.Field(default=3.0, gt=0, le=86_400)
    renew_after_seconds: int = pydantic.Field(default=82_800, ge=1, le=604_800)
    hold_ms: int = pydantic.Field(default=20, ge=0, le=60_000)
    reconnect_ms_max: int = pydantic.Field(default=30_000, ge=10, le=86_400_000)
    connect_timeout_ms: int = pydantic.Field(default=10_000, ge=10, le=86_400_000)
    rest_timeout_ms: int = pydantic.Field(default=10_000, ge=10, le=86_400_000)
    rest_queue_max: int = pydantic.Field(default=4096, ge=1, le=1 << 20)
    unparsed_kept_max: int = pydantic.Field(default=64, ge=0, le=65_536)


class Subscription(Model):
    """What is asked of a venue."""

    instruments: Instruments
    channels: tuple[ChannelName, ...] = pydantic.Field(
        default=("depth", "bookTicker", "trade"), max_length=16
    )
    depth_interval_ms: int = pydantic.Field(default=100, ge=0, le=60_000)
    snapshot_limit: int = pydantic.Field(default=1000, ge=1, le=5000)


class ForwarderSettings(ForwarderTuning, Subscription):
    """How a venue is read. Without a custom endpoint the venue's own hosts are used, over TLS."""

    venue: VenueName
    tls: bool = True
    ca_file: str | None = None
    proxy: str | None = None
    seed: int = 0
