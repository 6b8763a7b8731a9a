"""How a run ended."""

import dataclasses
from typing import Literal

from tickwork import errors

INTERRUPTED_EXIT_CODE = 130


@dataclasses.dataclass(frozen=True)
class Failure:
    """What went wrong: in which unit (empty: in none), by which error, and what to do."""

    unit: str
    error: str
    text: str
    remedy: str = ""
    last_lines: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """The exit code of the error's class; of a failed run where the class is not ours."""
        kind = getattr(errors, self.error, None)
        if isinstance(kind, type) and issubclass(kind, errors.TickworkError):
            return kind.exit_code
        return errors.RunError.exit_code


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a run ended; ``blocks`` counts those that were run to their end."""

    status: Literal["complete", "interrupted", "failed"]
    blocks: int
    failures: tuple[Failure, ...] = ()

    @property
    def exit_code(self) -> int:
        """0, 130, or the exit code of the first failure."""
        if self.status == "interrupted":
            return INTERRUPTED_EXIT_CODE
        return self.failures[0].exit_code if self.failures else 0
