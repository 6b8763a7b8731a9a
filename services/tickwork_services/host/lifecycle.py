"""The lifecycle of a unit as a pure state machine: no clock, no task, no component.

::

    new ── open ──► starting ──► ready ── start ──► running ── stop ──► stopping ──► ready
     └────────────────── final stop, from every state but failed ───────────────► terminated
    every state but terminated ── failure ──► failed

Calls are idempotent: a call whose effect is already there is told so (``Step.DONE``) and changes
nothing. Stop before Start is legal.
"""

import dataclasses
import enum

from tickwork import errors
from tickwork.unit import unit as units


class Step(enum.Enum):
    """What a caller must do: the work, or nothing because it is done."""

    DO = "do"
    DONE = "done"


@dataclasses.dataclass(frozen=True)
class Failure:
    """Why a unit failed, in words for a person."""

    error: str
    text: str
    remedy: str
    last_log_lines: tuple[str, ...] = ()


class Lifecycle:
    """One unit's state, the block it runs, and how it failed."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self.state: units.StateName = "new"
        self.block: str | None = None
        self.failure: Failure | None = None

    def begin_open(self) -> Step:
        """Goes new → starting; done where the unit is ready or beyond."""
        if self.state == "new":
            self.state = "starting"
            return Step.DO
        self._refuse_in("open", "failed", "terminated", "stopping")
        return Step.DONE

    def end_open(self) -> None:
        """Goes starting → ready."""
        self._expect("end of open", "starting")
        self.state = "ready"

    def begin_start(self, block: str) -> Step:
        """Goes ready → running ``block``; done where this very block runs already.

        Raises LifecycleError where another block runs, or where nothing was opened.
        """
        if self.state == "running" and self.block == block:
            return Step.DONE
        self._expect(f"start block {block}", "ready")
        self.state = "running"
        self.block = block
        return Step.DO

    def begin_stop(self, *, final: bool) -> Step:
        """Goes running → stopping; a final stop begins from any but terminated, failed."""
        if self.state in ("terminated", "failed"):
            return Step.DONE
        if self.state == "running":
            self.state = "stopping"
            return Step.DO
        if final:
            self.state = "stopping"
            return Step.DO
        return Step.DONE

    def end_stop(self, *, final: bool) -> None:
        """Goes stopping → ready, or terminated when final."""
        self._expect("end of stop", "stopping")
        self.state = "terminated" if final else "ready"
        self.block = None

    def fail(self, failure: Failure) -> bool:
        """Any state but terminated → failed; says whether this was the first failure."""
        if self.state in ("failed", "terminated"):
            return False
        self.state = "failed"
        self.failure = failure
        return True

    def _expect(self, call: str, *states: units.StateName) -> None:
        if self.state not in states:
            self._refuse(call)

    def _refuse_in(self, call: str, *states: units.StateName) -> None:
        if self.state in states:
            self._refuse(call)

    def _refuse(self, call: str) -> None:
        raise errors.LifecycleError(
            f"Unit {self._unit} was told to {call} but is {self.state}"
            + (f" (block {self.block})." if self.block else "."),
            "Describe the unit, and bring it to the state that the call needs.",
        )
