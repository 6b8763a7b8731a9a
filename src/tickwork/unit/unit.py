"""A Unit, to the letter of ``unit.json``: everything that one process needs to know.

The planner writes every value out, so that ``unit.json`` shows what really ran. Addresses are real
here: ``plan.bind`` has replaced the symbolic ones.
"""

from collections.abc import Mapping
from typing import Any, Literal

import pydantic

from tickwork.unit.model import Model
from tickwork.unit.program import ProgramName
from tickwork.unit.transport import Codec, Listener, Topology, TransportName, WaitName

StateName = Literal["new", "starting", "ready", "running", "stopping", "terminated", "failed"]

SERVER_NAME = "unit.tickwork"


class Tls(Model):
    """The files by which a unit proves itself and checks others; absolute paths, PEM.

    Every unit of a run bears the name ``SERVER_NAME`` in its certificate, whatever its address.
    """

    certificate_file: str
    key_file: str
    ca_file: str


class LinkEnd(Model):
    """One end of a link, as the component at this end sees it.

    ``address`` is an absolute segment path for shm, ``host:port`` for tcp and udp, and the
    link's own name for memory: where a listener listens, where a dialer dials. ``region`` says
    which region of a broadcast segment an inlet reads. ``secure``: both ends speak TLS.
    """

    port: str
    link: str
    transport: TransportName
    topology: Topology
    listener: Listener
    codec: Codec
    address: str
    capacity_bytes: int = pydantic.Field(gt=0)
    region: Literal["top", "depth"] | None = None
    secure: bool = False
    peers: tuple[str, ...] = ()
    options: Mapping[str, int] = pydantic.Field(default_factory=dict)


class ComponentSpec(Model):
    """One component of a unit: which one, with which settings, between which links.

    ``listens`` are ports of a venue's own protocol that this component opens (name → host:port),
    ``connects`` are those of others that it connects to (name → host:port or URL).
    """

    name: str
    component: str
    settings: dict[str, Any]
    inlets: tuple[LinkEnd, ...] = ()
    outlets: tuple[LinkEnd, ...] = ()
    listens: Mapping[str, str] = pydantic.Field(default_factory=dict)
    connects: Mapping[str, str] = pydantic.Field(default_factory=dict)


class Unit(Model):
    """One process. ``control`` is a gRPC target (``unix:/path`` or ``host:port``).

    ``control`` and ``metrics`` are where the unit listens. With ``tls`` Control is for those whose
    certificate the same authority signed; without it, for everybody who reaches it.
    """

    schema_version: Literal["1"] = "1"
    run: str
    experiment: str
    arm: str
    group: str
    name: str
    program: ProgramName = "tickwork"
    incarnation: int = pydantic.Field(default=1, ge=1)
    control: str
    metrics: str
    output_directory: str
    segment_directory: str
    tls: Tls | None = None
    wait: WaitName
    cpus: tuple[int, ...] = ()
    real_time_priority: int | None = pydantic.Field(default=None, ge=1, le=99)
    lock_memory: bool = False
    auto_start: bool = False
    restart: Literal["never", "onFailure"] = "never"
    drain_ms: int = pydantic.Field(default=2000, ge=0)
    components: tuple[ComponentSpec, ...]

    @property
    def path(self) -> str:
        """The unit's name in words and logs: ``group/unit``."""
        return f"{self.group}/{self.name}"
