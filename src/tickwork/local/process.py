"""One unit as a process: started in a session of its own, ended by its pid."""

import contextlib
import dataclasses
import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import Sequence

SERVICES = (sys.executable, "-P", "-m", "tickwork_services")


@dataclasses.dataclass(frozen=True)
class Launch:
    """How a unit is started: which file, where its log goes, whose pipe it watches."""

    name: str
    unit_file: pathlib.Path
    log_file: pathlib.Path
    parent_pipe: int
    program: Sequence[str] = SERVICES


class UnitProcess:
    """A started unit; ``pidfd`` becomes readable when it ends."""

    def __init__(self, launch: Launch, incarnation: int) -> None:
        self.incarnation = incarnation
        arguments = [
            *launch.program,
            str(launch.unit_file),
            "--parent-pipe",
            str(launch.parent_pipe),
            "--incarnation",
            str(incarnation),
        ]
        with launch.log_file.open("ab") as log:
            # A session of its own: Ctrl-C on the terminal reaches the parent alone.
            self._popen = subprocess.Popen(  # noqa: S603 — the program is ours, no shell
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=launch.unit_file.parent,
                pass_fds=(launch.parent_pipe,),
                start_new_session=True,
            )
        self.pidfd = os.pidfd_open(self._popen.pid)

    @property
    def pid(self) -> int:
        """The process id; only this object sends signals to it."""
        return self._popen.pid

    def reap(self) -> int | None:
        """Returns the exit code (negative: a signal) if the process has ended, else None."""
        return self._popen.poll()

    def send(self, number: signal.Signals) -> None:
        """Sends a signal; one that has ended is left alone."""
        if self._popen.returncode is None and self.pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, number)

    def close(self) -> None:
        """Gives the descriptor back, after the end."""
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1


def describe_ending(code: int) -> str:
    """Returns an exit code in words: ``exit code 3`` or ``SIGKILL``."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
