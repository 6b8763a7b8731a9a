"""The status of an Experiment: conditions are the truth, everything else is read off them; pure."""

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any, Literal

from tickwork.manifest.status import CONDITIONS

Object = Mapping[str, Any]
Truth = Literal["True", "False", "Unknown"]

PLANNED = "Planned"
SCHEDULED = "Scheduled"
READY = "Ready"
RUNNING = "Running"
COLLECTED = "Collected"
COMPLETE = "Complete"
FAILED = "Failed"
SUSPENDED = "Suspended"


COLLECTING = "Collecting"
WAITING = "Waiting"
MESSAGE_MAX = 1024
SECOND_NS = 1_000_000_000


@dataclasses.dataclass(frozen=True)
class Condition:
    """One condition, as Kubernetes writes them."""

    status: Truth
    reason: str
    message: str
    since: str


class Ledger:
    """The conditions of one Experiment while they are decided: read, changed, written out.

    The instant of a condition is that of its last change of status, not of its words; it is never
    in the future, where a clock that was set back would leave it.
    """

    def __init__(self, previous: Object, generation: int, now_unix_ns: int) -> None:
        self._generation = generation
        self._now = show_time(now_unix_ns)
        self._held = {
            each["type"]: Condition(
                each["status"],
                each.get("reason", WAITING),
                each.get("message", ""),
                min(each.get("lastTransitionTime", self._now), self._now),
            )
            for each in previous.get("conditions") or ()
            if each.get("type") in CONDITIONS
        }

    def set(self, name: str, status: Truth, reason: str, message: str = "") -> None:
        """Says that the condition ``name`` is ``status``, and why."""
        before = self._held.get(name)
        since = before.since if before is not None and before.status == status else self._now
        self._held[name] = Condition(status, reason, message[:MESSAGE_MAX], since)

    def begin(self) -> None:
        """Forgets all conditions: a new attempt knows nothing yet."""
        for name in CONDITIONS:
            self.set(name, "False" if name in _NEVER_UNKNOWN else "Unknown", WAITING)

    def get(self, name: str) -> Condition:
        """Returns the condition ``name``; one that nobody has set is Unknown."""
        return self._held.get(name, Condition("Unknown", WAITING, "", self._now))

    def holds(self, name: str) -> bool:
        """Says whether the condition ``name`` is True."""
        return self.get(name).status == "True"

    def since_unix_ns(self, name: str) -> int:
        """Returns since when the condition ``name`` is what it is."""
        return read_time(self.get(name).since)

    @property
    def is_final(self) -> bool:
        """Whether the run is over."""
        return self.holds(COMPLETE) or self.holds(FAILED)

    def phase(self) -> str:
        """Returns the summary of all conditions in one word, for people."""
        if self.holds(FAILED):
            return FAILED
        if self.holds(COMPLETE):
            return COMPLETE
        if self.holds(SUSPENDED):
            return SUSPENDED
        if self.holds(RUNNING):
            return COLLECTING if self.get(RUNNING).reason == COLLECTING else RUNNING
        if self.get(SCHEDULED).status != "Unknown":
            return "Starting"
        return PLANNED if self.holds(PLANNED) else "Pending"

    def write(self) -> list[dict[str, Any]]:
        """Returns the conditions as the status holds them, in their fixed order."""
        return [self._show(name, self.get(name)) for name in CONDITIONS]

    def _show(self, name: str, held: Condition) -> dict[str, Any]:
        return {
            "type": name,
            "status": held.status,
            "reason": held.reason,
            "message": held.message,
            "lastTransitionTime": held.since,
            "observedGeneration": self._generation,
        }


# A run that is not there yet is not complete and not failed; all else is not known before it is.
_NEVER_UNKNOWN = frozenset({RUNNING, COLLECTED, COMPLETE, FAILED, SUSPENDED})


def show_time(unix_ns: int) -> str:
    """Returns an instant as Kubernetes writes it, to the second."""
    instant = datetime.datetime.fromtimestamp(unix_ns // SECOND_NS, datetime.UTC)
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def show_precise_time(unix_ns: int) -> str:
    """Returns an instant with its nanoseconds."""
    return f"{show_time(unix_ns)[:-1]}.{unix_ns % SECOND_NS:09d}Z"


def read_time(text: str) -> int:
    """Returns the instant that Kubernetes wrote, in Unix nanoseconds."""
    return round(datetime.datetime.fromisoformat(text).timestamp()) * SECOND_NS


def show_duration(duration_ns: object) -> str | None:
    """Returns a latency with three digits and its unit: ``21.4µs``; None for what is none."""
    if isinstance(duration_ns, bool) or not isinstance(duration_ns, int | float):
        return None
    for scale, unit in ((1, "ns"), (1e3, "µs"), (1e6, "ms")):
        digits = f"{duration_ns / scale:.3g}"
        if abs(float(digits)) < 1000:
            return f"{digits}{unit}"
    return f"{duration_ns / 1e9:.3g}s"


def digest_fields(digest: Mapping[str, Any] | None) -> dict[str, Any]:
    """Returns the fields that a digest gives the status: itself, headline, start and skew."""
    if digest is None:
        return {}
    made: dict[str, Any] = {"digest": dict(digest)}
    questions = digest.get("questions")
    first = questions[0] if isinstance(questions, list) and questions else {}
    headline = first if isinstance(first, dict) else {}
    for name, key in (("p50", "p50Ns"), ("p99", "p99Ns")):
        if (shown := show_duration(headline.get(key))) is not None:
            made[name] = shown
    return {**made, **start_fields(digest)}


def start_fields(told: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the planned start instant and the achieved skew, where ``told`` has them."""
    made: dict[str, Any] = {}
    start, skew = told.get("startUnixNs"), told.get("skewNs")
    if isinstance(start, int) and not isinstance(start, bool):
        made["plannedStart"] = show_precise_time(start)
    if isinstance(skew, int | float) and not isinstance(skew, bool):
        made["skewNs"] = round(skew)
    return made
