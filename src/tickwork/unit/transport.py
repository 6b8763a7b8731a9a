"""Transports as control knows them: their names and their reach."""

import enum
from typing import Literal


class Reach(enum.IntEnum):
    """How far apart the ends of a link may be; the larger value reaches farther."""

    UNIT = 0
    GROUP = 1
    ANYWHERE = 2


TransportName = Literal["memory", "shm", "tcp", "udp", "grpc", "kafka"]
Topology = Literal["pipe", "broadcast"]
Listener = Literal["outlet", "inlet"]
Codec = Literal["binary", "ndjson", "protobuf"]
WaitName = Literal["spin", "yield", "park", "await"]

REACH: dict[TransportName, Reach] = {
    "memory": Reach.UNIT,
    "shm": Reach.GROUP,
    "tcp": Reach.ANYWHERE,
    "udp": Reach.ANYWHERE,
    "grpc": Reach.ANYWHERE,
    "kafka": Reach.ANYWHERE,
}

CODEC: dict[TransportName, Codec] = {
    "memory": "binary",
    "shm": "binary",
    "tcp": "ndjson",
    "udp": "ndjson",
    "grpc": "protobuf",
    "kafka": "protobuf",
}

TOPOLOGIES: dict[TransportName, frozenset[Topology]] = {
    "memory": frozenset({"pipe"}),
    "shm": frozenset({"pipe", "broadcast"}),
    "tcp": frozenset({"pipe", "broadcast"}),
    "udp": frozenset({"pipe"}),
    "grpc": frozenset({"pipe", "broadcast"}),
    "kafka": frozenset({"broadcast"}),
}

SECURED: frozenset[TransportName] = frozenset({"tcp", "grpc"})
"""The transports that can speak TLS; what crosses Groups over another is plain, and named so."""
