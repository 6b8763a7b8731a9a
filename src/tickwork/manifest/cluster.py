"""What an Experiment asks of a cluster; only the operator reads it, local mode ignores it."""

from collections.abc import Mapping
from typing import Annotated, Literal

import pydantic

from tickwork.unit.model import Model

# Names as Kubernetes writes them: a DNS subdomain, a label's value and key.
SUBDOMAIN_PATTERN = r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"
VALUE_PATTERN = r"^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$"
KEY_PATTERN = (
    r"^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$"
)

GROUPS_MAX = 64
ENTRIES_MAX = 32
SECONDS_MAX = 31_536_000
MEMORY_REQUEST_MIB = 96

Key = Annotated[str, pydantic.Field(pattern=KEY_PATTERN, max_length=317)]
Value = Annotated[str, pydantic.Field(pattern=VALUE_PATTERN, max_length=63)]
Note = Annotated[str, pydantic.Field(max_length=4096)]


class Toleration(Model):
    """A taint that pods of a group bear, in the words of Kubernetes."""

    key: str | None = pydantic.Field(default=None, pattern=KEY_PATTERN, max_length=317)
    operator: Literal["Exists", "Equal"] = "Equal"
    value: str | None = pydantic.Field(default=None, pattern=VALUE_PATTERN, max_length=63)
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    toleration_seconds: int | None = pydantic.Field(default=None, ge=0, le=SECONDS_MAX)


class GroupPlacement(Model):
    """Where the pod of a group runs, and what each of its units (containers) may use.

    ``region`` is the value of the node label `topology.kubernetes.io/region`. ``memory_mib`` is
    the limit of each unit; the segments that it makes are added to it. ``qos`` guaranteed gives
    each unit whole cores of its own, where the nodes' CPU manager is static.
    """

    region: str | None = pydantic.Field(default=None, pattern=VALUE_PATTERN, max_length=63)
    node_selector: Mapping[Key, Value] = pydantic.Field(
        default_factory=dict, max_length=ENTRIES_MAX
    )
    cpus: float = pydantic.Field(default=0.05, ge=0.001, le=1024)
    memory_mib: int = pydantic.Field(default=256, ge=32, le=1 << 20, alias="memoryMiB")
    qos: Literal["burstable", "guaranteed"] = "burstable"
    tolerations: tuple[Toleration, ...] = pydantic.Field(default=(), max_length=ENTRIES_MAX)
    priority_class_name: str | None = pydantic.Field(
        default=None, pattern=SUBDOMAIN_PATTERN, max_length=253
    )
    runtime_class_name: str | None = pydantic.Field(
        default=None, pattern=SUBDOMAIN_PATTERN, max_length=253
    )
    labels: Mapping[Key, Value] = pydantic.Field(default_factory=dict, max_length=ENTRIES_MAX)
    annotations: Mapping[Key, Note] = pydantic.Field(default_factory=dict, max_length=ENTRIES_MAX)

    @property
    def memory_request_mib(self) -> int:
        """What each unit is promised: all of its memory when guaranteed, else a little."""
        if self.qos == "guaranteed":
            return self.memory_mib
        return min(MEMORY_REQUEST_MIB, self.memory_mib)


class Ttl(Model):
    """How long the children of a finished run are kept, by its outcome; null keeps them."""

    complete_seconds: int | None = pydantic.Field(default=None, ge=0, le=SECONDS_MAX)
    failed_seconds: int | None = pydantic.Field(default=None, ge=0, le=SECONDS_MAX)


class Sink(Model):
    """Where the run directory is until it is fetched.

    ``job`` serves it from the Conductor's own pod for ``keep_seconds``; ``pvc`` writes it to the
    volume claim ``claim``, which must be there.
    """

    kind: Literal["job", "pvc"] = "job"
    keep_seconds: int = pydantic.Field(default=3600, ge=1, le=SECONDS_MAX)
    claim: str | None = pydantic.Field(default=None, pattern=SUBDOMAIN_PATTERN, max_length=253)


class Cluster(Model):
    """How the Experiment runs on Kubernetes; local mode reads none of it.

    ``start_deadline_seconds`` counts from the creation to Running, ``active_deadline_seconds``
    from there to the end; null is no limit. Without ``sink`` the operator's own one is used.
    ``plaintext`` leaves links between groups unencrypted, which the report names; ``profile``
    privileged lets units lock memory and ask for real time. ``groups`` are named as in
    `tickwork plan`, without an arm.
    """

    start_deadline_seconds: int = pydantic.Field(default=300, ge=1, le=SECONDS_MAX)
    active_deadline_seconds: int | None = pydantic.Field(default=None, ge=1, le=SECONDS_MAX)
    ttl_after_finished: Ttl = Ttl()
    keep_pods: Literal["never", "onFailure", "always"] = "never"
    sink: Sink | None = None
    plaintext: bool = False
    profile: Literal["restricted", "privileged"] = "restricted"
    groups: Mapping[str, GroupPlacement] = pydantic.Field(
        default_factory=dict, max_length=GROUPS_MAX
    )
