"""What the Conductor needs of an executor; any executor that has these verbs will do."""

import pathlib
from typing import Protocol

from tickwork.unit.unit import Tls


class Fleet(Protocol):
    """The units of one run, as whoever started them sees them. Units are named ``group/unit``."""

    def target(self, unit: str) -> str:
        """Returns the gRPC target of the unit's Control; it holds over a restart."""

    def tls(self) -> Tls | None:
        """Returns the files by which Control is secured; None where nobody else can reach it."""

    def patience_ns(self) -> int:
        """Returns how long a unit may take to come up, or to come back."""

    def heard(self, unit: str, incarnation: int) -> None:
        """Is told of every answer of a unit; whoever sees its process needs not listen."""

    def incarnation(self, unit: str) -> int:
        """Returns how often the unit was started, from 1; 0 where that is not known yet."""

    def ending(self, unit: str) -> str | None:
        """Returns how the unit ended for good (``exit code 3``, ``SIGKILL``); None: it has not."""

    def last_lines(self, unit: str) -> tuple[str, ...]:
        """Returns the last lines of the unit's log, oldest first; empty where none is at hand."""

    def left_behind(self, unit: str) -> pathlib.Path | None:
        """Returns the unit's output directory where it can be read without the unit."""

    def interrupted(self) -> bool:
        """Says whether a person asked for the end of the run."""
