"""What the machine does while a block is timed, and how a player gets first in line.

Steal is time that the host took; foreign CPU is time that processes took which are neither the
runner nor a player. Both are shares of one core.
"""

import contextlib
import dataclasses
import os
import pathlib
import platform
import time
from collections.abc import Iterable

TICKS = os.sysconf("SC_CLK_TCK")
TICK_SECONDS = 1 / TICKS
QUIET_SHARE = 0.08
QUIET_LOOK_SECONDS = 0.4


@dataclasses.dataclass(frozen=True)
class Reading:
    """Seconds since the start of the machine, over all cores."""

    at: float
    busy: float
    steal: float
    players: float


def _process_clock(pid: int) -> float:
    """CPU seconds of a process and its threads; 0 when it is gone."""
    with contextlib.suppress(OSError):
        return time.clock_gettime((~pid << 3) | 2)
    return 0.0


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
        return [int(child) for child in text.split()]
    return []


def read(pids: Iterable[int]) -> Reading:
    """Reads the machine's counters and the CPU time of the players and of this process."""
    with open("/proc/stat", encoding="ascii") as stat:
        fields = [int(field) / TICKS for field in stat.readline().split()[1:9]]
    user, nice, system, _, _, interrupts, soft, steal = fields
    own = [os.getpid(), *pids]
    own += [child for pid in pids for child in _children(pid)]
    players = sum(_process_clock(pid) for pid in own)
    busy = user + nice + system + interrupts + soft
    return Reading(time.monotonic(), busy, steal, players)


def disturbance(before: Reading, after: Reading) -> tuple[float, float]:
    """Returns (steal, foreign CPU) as shares of one core; a tick of doubt is granted."""
    seconds = max(after.at - before.at, 1e-9)
    steal = after.steal - before.steal
    foreign = (after.busy - before.busy) - (after.players - before.players)
    granted = TICK_SECONDS * 2
    return max(steal - TICK_SECONDS, 0.0) / seconds, max(foreign - granted, 0.0) / seconds


def wait_until_quiet(patience_seconds: float) -> bool:
    """Waits until other processes take less than a tenth of a core; false when they do not."""
    end = time.monotonic() + patience_seconds
    while True:
        before = read(())
        time.sleep(QUIET_LOOK_SECONDS)
        steal, foreign = disturbance(before, read(()))
        if steal + foreign <= QUIET_SHARE:
            return True
        if time.monotonic() >= end:
            return False


def go_first(core: int) -> None:
    """Pins the calling process and puts its session before all others, where permitted.

    Plain ``nice`` counts only inside one session where the kernel groups processes by session;
    so the session's own group is given the same priority.
    """
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, {core % (os.cpu_count() or 1)})
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -20)
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w", encoding="ascii") as group:
        group.write("-20")


def describe() -> dict[str, object]:
    """What a reader of the figures has to know of this machine."""
    model = ""
    for line in pathlib.Path("/proc/cpuinfo").read_text("utf-8").split("\n"):
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "cpu": model or platform.machine(),
        "cpus": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "system": platform.system(),
    }
