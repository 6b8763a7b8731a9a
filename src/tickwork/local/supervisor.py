"""Keeps the processes of a run: reaps them, restarts those that may be, ends all by pid."""

import contextlib
import dataclasses
import os
import select
import signal
import threading
from collections.abc import Callable, Sequence

from tickwork import clock
from tickwork.local.process import Launch, UnitProcess, describe_ending

BACK_OFF_NS = 100_000_000
BACK_OFF_NS_MAX = 5_000_000_000
# In a row; a unit that lived for a minute begins anew.
RESTARTS_MAX = 20
LIVED_NS = 60_000_000_000
# How long an ended process may take to be seen, and how often a waiter looks.
LOOK_NS = 20_000_000


@dataclasses.dataclass
class _Kept:
    launch: Launch
    process: UnitProcess | None = None
    incarnation: int = 0
    restarts: int = 0
    started_ns: int = 0
    restart_at_ns: int | None = None
    ending: str | None = None


@dataclasses.dataclass(frozen=True)
class Restarted:
    """A unit that had ended was started again."""

    unit: str
    incarnation: int
    ending: str


class Supervisor:
    """Starts the units of a run and watches them from a thread of its own.

    ``restarts`` says whether a unit that failed is started again; ``told`` hears of it, in the
    watching thread.
    """

    def __init__(
        self,
        launches: Sequence[Launch],
        *,
        restarts: bool,
        told: Callable[[Restarted], None] = lambda _: None,
    ) -> None:
        self._kept = {launch.name: _Kept(launch) for launch in launches}
        self._restarts = restarts
        self._told = told
        self._ending = False
        self._closed = False
        self._lock = threading.RLock()
        self._wake, self._waker = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def start(self) -> None:
        """Starts all units in their order."""
        with self._lock:
            for kept in self._kept.values():
                self._spawn(kept)
        self._thread.start()

    def incarnation(self, name: str) -> int:
        """Returns how often the unit was started."""
        return self._kept[name].incarnation

    def ending(self, name: str) -> str | None:
        """Returns how the unit ended for good, or None."""
        return self._kept[name].ending

    def endings(self) -> dict[str, str]:
        """Returns the units that have ended for good."""
        return {name: kept.ending for name, kept in self._kept.items() if kept.ending is not None}

    def pids(self) -> dict[str, int]:
        """Returns the process ids of the units that run."""
        with self._lock:
            return {name: kept.process.pid for name, kept in self._kept.items() if kept.process}

    def end(self, order: Sequence[str], each_ns: int, all_ns: int) -> None:
        """Ends units one after another by SIGTERM, then kills what has not ended.

        Each has ``each_ns`` to end, all together ``all_ns``. A unit ends its links drained, so
        ``order`` is that of the flow.
        """
        self._stop_restarts()
        deadline_ns = clock.now_mono_ns() + all_ns
        for name in order:
            self._signal(name, signal.SIGTERM)
            self._wait([name], min(clock.now_mono_ns() + each_ns, deadline_ns))
        self.kill()

    def wait(self, timeout_ns: int) -> bool:
        """Waits until all units have ended; says whether they have."""
        return self._wait(list(self._kept), clock.now_mono_ns() + timeout_ns)

    def kill(self) -> None:
        """Kills every unit that still runs, by its pid.

        May be called from a signal handler, and so at any moment: also when all is closed.
        """
        self._stop_restarts()
        for name in self._kept:
            self._signal(name, signal.SIGKILL)

    def close(self) -> None:
        """Kills what is left, waits for it and ends the watching thread."""
        self.kill()
        if self._thread.ident is not None:
            self._thread.join()
        self._closed = True
        for descriptor in (self._wake, self._waker):
            os.close(descriptor)

    # -- the watching thread ----------------------------------------------------------------------

    def _watch(self) -> None:
        while True:
            with self._lock:
                live = {kept.process.pidfd: kept for kept in self._kept.values() if kept.process}
                waiting = [k.restart_at_ns for k in self._kept.values() if k.restart_at_ns]
                if not live and not waiting:
                    return
            self._poll([*live, self._wake], min(waiting, default=None))
            with self._lock:
                for kept in self._kept.values():
                    self._look(kept)

    def _poll(self, descriptors: list[int], until_ns: int | None) -> None:
        poll = select.poll()
        for descriptor in descriptors:
            poll.register(descriptor, select.POLLIN)
        timeout_ms = None
        if until_ns is not None:
            timeout_ms = max(0, (until_ns - clock.now_mono_ns()) // 1_000_000 + 1)
        poll.poll(timeout_ms)
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake, 64)

    def _look(self, kept: _Kept) -> None:
        if kept.process is not None and (code := kept.process.reap()) is not None:
            kept.process.close()
            kept.process = None
            self._decide(kept, code)
        if kept.restart_at_ns is not None and clock.now_mono_ns() >= kept.restart_at_ns:
            kept.restart_at_ns = None
            self._spawn(kept)

    def _decide(self, kept: _Kept, code: int) -> None:
        """Decides whether a unit that ended comes back, and when."""
        ending = describe_ending(code)
        now_ns = clock.now_mono_ns()
        if now_ns - kept.started_ns >= LIVED_NS:
            kept.restarts = 0
        if not self._restarts or self._ending or code == 0:
            kept.ending = ending
        elif kept.restarts >= RESTARTS_MAX:
            kept.ending = f"{ending}, after {kept.restarts} restarts in a row"
        else:
            kept.restart_at_ns = now_ns + min(BACK_OFF_NS << kept.restarts, BACK_OFF_NS_MAX)
            kept.restarts += 1
            self._told(Restarted(kept.launch.name, kept.incarnation + 1, ending))

    def _spawn(self, kept: _Kept) -> None:
        try:
            kept.process = UnitProcess(kept.launch, kept.incarnation + 1)
        except OSError as error:
            kept.ending = f"could not be started: {error.strerror}"
            return
        kept.incarnation += 1
        kept.started_ns = clock.now_mono_ns()

    # -- ending -----------------------------------------------------------------------------------

    def _stop_restarts(self) -> None:
        self._ending = True
        with self._lock:
            for kept in self._kept.values():
                if kept.restart_at_ns is not None:
                    kept.restart_at_ns = None
                    kept.ending = "ended while it waited for its restart"
        if self._closed:
            return
        with contextlib.suppress(BlockingIOError):
            os.write(self._waker, b"!")

    def _signal(self, name: str, number: signal.Signals) -> None:
        with self._lock:
            process = self._kept[name].process
            if process is not None:
                process.send(number)

    def _wait(self, names: Sequence[str], deadline_ns: int) -> bool:
        while any(self._kept[name].ending is None for name in names):
            if clock.now_mono_ns() >= deadline_ns:
                return False
            clock.sleep(LOOK_NS)
        return True
