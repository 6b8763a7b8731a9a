"""The whole tree of errors.

::

    TickworkError                 retry   exit
    ├── InputError                no      2     a file, option or address a person gave is wrong
    │   ├── ManifestError         no      2     every mistake of a manifest, each with its line
    │   └── CaptureError          no      2     a capture cannot be read as what it claims to be
    ├── PlanError                 no      2     an Experiment cannot become a Plan (reach)
    ├── MissingError              no      5     a tool, a package or a port is not there
    │   └── PortTakenError        no      5     somebody else listens where we must
    ├── RunError                  no      1     a run could not go on
    │   └── UnitDiedError         no      6     a unit's process ended before its time
    ├── LinkError                 yes     1     a link is not there (yet), or went away
    │   └── SegmentError          no      1     a segment is of another layout, too small, damaged
    ├── VenueError                yes     1     a venue refused or went away
    │   └── VenueLimitError       yes     1     a venue said to slow down (429, 418)
    ├── ClusterError              yes     1     the Kubernetes API refused a call, or did not answer
    ├── LifecycleError            no      1     a call that the present state does not allow
    └── ResultError               no      2     a run directory cannot be read as one

Each error carries plain data. Its text says what was being done, with which value, and what to do
about it. ``retry`` alone decides handling: ``yes`` (try again with back-off), ``no`` (give this
up), ``fatal`` (end the unit).
"""

import dataclasses
from typing import ClassVar, Literal

Retry = Literal["yes", "no", "fatal"]


class TickworkError(Exception):
    """The root: a text for a person, a remedy, and how to handle it."""

    retry: ClassVar[Retry] = "no"
    exit_code: ClassVar[int] = 1

    def __init__(self, text: str, remedy: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.text} {self.remedy}" if self.remedy else self.text


class InputError(TickworkError):
    """Something that a person gave is wrong."""

    exit_code = 2


@dataclasses.dataclass(frozen=True, order=True)
class Mistake:
    """One mistake in a manifest: its line (from 1), its path below ``spec``, what is wrong."""

    line: int
    path: str
    text: str


def _place(source: str, mistake: Mistake) -> str:
    """Where a mistake stands; what ``--set`` laid over a file is in none of its lines."""
    where = f"{source}:{mistake.line}" if mistake.line else f"--set over {source}"
    return f"{where}: {mistake.path}" if mistake.path else where


class ManifestError(InputError):
    """A manifest has mistakes; all of them at once, each with its line."""

    def __init__(self, source: str, mistakes: tuple[Mistake, ...]) -> None:
        lines = "\n".join(f"  {_place(source, m)}: {m.text}" for m in sorted(mistakes))
        super().__init__(f"{source} has {len(mistakes)} mistake(s):\n{lines}")
        self.source = source
        self.mistakes = tuple(sorted(mistakes))


class CaptureError(InputError):
    """A capture cannot be read as what it claims to be."""


class PlanError(TickworkError):
    """An Experiment cannot become a Plan."""

    exit_code = 2


class MissingError(TickworkError):
    """A tool, a package or a port is not there."""

    exit_code = 5


class PortTakenError(MissingError):
    """Somebody else listens where we must."""

    def __init__(self, what: str, address: str) -> None:
        super().__init__(
            f"{what} cannot listen on {address}: the address is in use.",
            "End the program that holds it, or choose another port in the manifest.",
        )
        self.address = address


class RunError(TickworkError):
    """A run could not go on."""


class UnitDiedError(RunError):
    """A unit's process ended before its time."""

    exit_code = 6

    def __init__(self, unit: str, ending: str, last_lines: tuple[str, ...] = ()) -> None:
        super().__init__(
            f"Unit {unit} died ({ending}).", "Its last log lines are in the run directory."
        )
        self.unit = unit
        self.ending = ending
        self.last_lines = last_lines


class LinkError(TickworkError):
    """A link is not there yet, or went away."""

    retry: ClassVar[Retry] = "yes"


class SegmentError(LinkError):
    """A segment is of another layout, too small, or damaged."""

    retry: ClassVar[Retry] = "no"


class VenueError(TickworkError):
    """A venue refused or went away."""

    retry: ClassVar[Retry] = "yes"


class VenueLimitError(VenueError):
    """A venue said to slow down; ``wait_ns`` is how long it asked for."""

    def __init__(self, venue: str, status: int, wait_ns: int) -> None:
        super().__init__(
            f"{venue} answered {status}: too many requests; waiting {wait_ns // 1_000_000} ms."
        )
        self.status = status
        self.wait_ns = wait_ns


class ClusterError(TickworkError):
    """The Kubernetes API refused a call, or did not answer.

    ``status`` is the HTTP status, 0 where there was no answer; ``reason`` is the API's own word
    (``AlreadyExists``, ``Forbidden`` …), ``detail`` its own sentence.
    """

    retry: ClassVar[Retry] = "yes"

    def __init__(self, doing: str, status: int, reason: str, detail: str) -> None:
        answer = f"the API answered {status} {reason}" if status else "the API did not answer"
        super().__init__(f"{doing}: {answer}: {detail}")
        self.status = status
        self.reason = reason
        self.detail = detail


class LifecycleError(TickworkError):
    """A call that the present state does not allow."""


class ResultError(TickworkError):
    """A run directory cannot be read as one."""

    exit_code = 2
