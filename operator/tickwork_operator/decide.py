"""What to do next: (Experiment, what was observed, now) → objects to make and remove, and status.

Pure. Safe to run at any time and any number of times: a decision follows from what is there, never
from what was decided before.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from tickwork_operator.objects.options import Options

Object = Mapping[str, Any]
Key = tuple[str, str]  # (kind, name), in the Experiment's own namespace


@dataclasses.dataclass(frozen=True)
class Refusal:
    """Something that the cluster said no to: a write of ours, or a Warning event about a child.

    ``reason`` is QuotaExceeded, NameTaken, Forbidden, Invalid, TooLarge or NamespaceTerminating
    (a write), or the event's own word (FailedCreate, FailedMount, …).
    """

    kind: str
    name: str
    reason: str
    message: str
    at_unix_ns: int


@dataclasses.dataclass(frozen=True)
class Observed:
    """What is there now.

    ``children`` are the objects that the Experiment's uid owns, and the Pods of its Jobs and
    Deployments: whole where their state matters (Pod, Job, Deployment, the plan's ConfigMap), else
    at least their metadata. ``refused`` is the last refusal of each object that could not be made,
    ``warnings`` the latest Warning event of each child.
    """

    children: Mapping[Key, Object] = dataclasses.field(default_factory=dict)
    refused: tuple[Refusal, ...] = ()
    warnings: tuple[Refusal, ...] = ()


@dataclasses.dataclass(frozen=True)
class Event:
    """An event about the Experiment: ``type`` is Normal or Warning."""

    type: str
    reason: str
    message: str


@dataclasses.dataclass(frozen=True)
class Decision:
    """What to do, in this order: write the status, say the events, apply, delete.

    The status comes first, so that a crash afterwards finds out what was meant: an object that is
    missing is then known to have been removed by us, or by somebody else. ``apply`` holds only
    objects that are not there (in this order, stopping at the first refusal). ``status`` is all
    that this operator owns of it, without ``progress``; it is equal to the present one where
    nothing changed. ``next_deadline_unix_ns`` is when to decide again though nothing happened.
    """

    status: dict[str, Any]
    apply: tuple[dict[str, Any], ...] = ()
    delete: tuple[Key, ...] = ()
    events: tuple[Event, ...] = ()
    next_deadline_unix_ns: int | None = None


def decide(experiment: Object, observed: Observed, now_unix_ns: int, options: Options) -> Decision:
    """Returns what to do about ``experiment`` now.

    Never raises for what a person wrote: a wrong spec is Failed with InvalidSpec in the status.
    """
    raise NotImplementedError
