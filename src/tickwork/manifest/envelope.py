"""The envelope of an Experiment, and the fields that all kinds share."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

import pydantic

from tickwork.manifest.cluster import Cluster
from tickwork.unit.model import KEYED_BY_NAME, Model

API_VERSION = "tickwork.dev/v1alpha1"
NAME_PATTERN = r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"
NAME_CHARACTERS_MAX = 40
ARM_PATTERN = r"^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$"
MAIN_ARM = "main"


class Metadata(Model):
    """What Kubernetes calls metadata; only the name matters here."""

    name: str = pydantic.Field(pattern=NAME_PATTERN, max_length=NAME_CHARACTERS_MAX)
    namespace: str | None = None
    labels: Mapping[str, str] = pydantic.Field(default_factory=dict)
    annotations: Mapping[str, str] = pydantic.Field(default_factory=dict)


class ArmSpec(Model):
    """One of the compared settings: ``set`` maps paths below ``spec`` to values."""

    name: str = pydantic.Field(pattern=ARM_PATTERN, max_length=20)
    set: Mapping[str, Any] = pydantic.Field(default_factory=dict, max_length=64)


class Shared(Model):
    """The fields of ``spec`` that every kind has.

    ``duration_seconds`` counts from the start instant, warm-up included; without it the Experiment
    is a provider that runs until it is ended. ``restart`` defaults to never with a duration, and
    to onFailure for a provider. ``hold_seconds`` is how long units wait at most, after the last
    Block, to be scraped once more. ``suspend`` and ``cluster`` are read by the operator only.
    """

    duration_seconds: float | None = pydantic.Field(default=None, gt=0, le=604_800)
    warm_up_seconds: float = pydantic.Field(default=1.0, ge=0, le=604_800)
    seed: int = pydantic.Field(default=0, ge=0, lt=1 << 63)
    arms: tuple[ArmSpec, ...] = pydantic.Field(
        default=(), max_length=16, json_schema_extra=KEYED_BY_NAME
    )
    repeats: int = pydantic.Field(default=1, ge=1, le=1000)
    drain_ms: int = pydantic.Field(default=2000, ge=0, le=600_000)
    hold_seconds: float = pydantic.Field(default=0, ge=0, le=3600)
    restart: Literal["never", "onFailure"] | None = None
    suspend: bool = False
    cluster: Cluster = Cluster()

    @property
    def restart_policy(self) -> Literal["never", "onFailure"]:
        """The policy that holds, whether it was written or not."""
        if self.restart is not None:
            return self.restart
        return "onFailure" if self.duration_seconds is None else "never"


class Head(Model):
    """Everything of an Experiment but its spec."""

    api_version: Literal["tickwork.dev/v1alpha1"]
    kind: Literal["Experiment"]
    metadata: Metadata


@dataclasses.dataclass(frozen=True)
class Arm:
    """One arm as it will run: its name, the shared fields and the kind's spec, all validated."""

    name: str
    shared: Shared
    spec: Any


@dataclasses.dataclass(frozen=True)
class Experiment:
    """A whole, valid Experiment.

    ``kind`` is the key of the spec's union (``pipeline``). ``arms`` holds at least one arm; a
    plain run has exactly one, named ``main``. ``text`` is what was given, ``document`` its plain
    values with every ``--set`` laid over them.
    """

    name: str
    kind: str
    shared: Shared
    arms: tuple[Arm, ...]
    source: str
    text: str
    document: Mapping[str, Any]
