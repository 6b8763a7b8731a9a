"""A player's process: started first in line, asked for blocks, ended."""

import contextlib
import json
import os
import pathlib
import select
import signal
import subprocess
import threading
from collections.abc import Sequence
from typing import Any

from benchmarks import machine

ANSWER_SECONDS = 180.0
STDERR_LINES_MAX = 40


class PlayerError(Exception):
    """A player could not be started or gave no figure; the text says which and why."""


class Player:
    """One process that times blocks of its rows."""

    def __init__(self, name: str, command: Sequence[str], environment: dict[str, str]) -> None:
        self.name = name
        is_realtime = environment.get("BENCH_REALTIME", "1") == "1"
        self._errors: list[str] = []
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=os.environ | environment,
                start_new_session=True,
                preexec_fn=lambda: machine.go_first(0, is_realtime=is_realtime),
            )
        except OSError as error:
            raise PlayerError(f"starting the player {name}: {error}") from error
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._errors.append(line.decode(errors="replace").rstrip())
            del self._errors[:-STDERR_LINES_MAX]

    def play(self, row: str, milliseconds: int) -> dict[str, Any]:
        """Returns one block of ``row``. Raises PlayerError when the player cannot."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(f"{row} {milliseconds}\n".encode())
            self._process.stdin.flush()
            ready, _, _ = select.select([self._process.stdout], [], [], ANSWER_SECONDS)
            line = self._process.stdout.readline() if ready else b""
        except OSError as error:
            raise PlayerError(f"asking {self.name} for {row}: {error}; {self.last}") from error
        if not line:
            raise PlayerError(f"asking {self.name} for {row}: no answer; {self.last}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise PlayerError(f"asking {self.name} for {row}: {answer['error']}")
        return answer

    @property
    def last(self) -> str:
        """The last thing it complained about."""
        said = [line for line in self._errors if line.strip()]
        return said[-1] if said else "it said nothing"

    def close(self) -> None:
        """Lets it end by itself, and ends its session when it does not."""
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                self._listener.join(5)
                stream.close()


class Players:
    """The players of a run by name; each is started when it is first needed."""

    def __init__(
        self, commands: dict[str, tuple[list[str], dict[str, str]]], *, is_realtime: bool
    ) -> None:
        self._commands = commands
        self._realtime = {} if is_realtime else {"BENCH_REALTIME": "0"}
        self._started: dict[str, Player] = {}

    def get(self, name: str) -> Player:
        """Returns a running player. Raises PlayerError when it cannot be had here."""
        if name not in self._commands:
            raise PlayerError(f"the player {name} is not installed")
        if name not in self._started:
            command, environment = self._commands[name]
            if not pathlib.Path(command[0]).exists():
                raise PlayerError(f"the player {name} is not installed: {command[0]} is missing")
            self._started[name] = Player(name, command, environment | self._realtime)
        return self._started[name]

    def pids(self) -> list[int]:
        return [player.pid for player in self._started.values()]

    def close(self, names: Sequence[str] = ()) -> None:
        """Ends these players, or all."""
        for name in list(names or self._started):
            player = self._started.pop(name, None)
            if player is not None:
                player.close()
