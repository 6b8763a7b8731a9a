"""What the machine does while a block is timed, and how a player gets first in line.

Steal is time that the host took; foreign CPU is time that processes took which are neither the
runner nor a player: both on the cores that a row uses, as shares of one core. What happens on the
other cores meanwhile is told beside the results.
"""

import contextlib
import dataclasses
import os
import pathlib
import platform
import time
from collections.abc import Iterable, Sequence

TICKS = os.sysconf("SC_CLK_TCK")
TICK_SECONDS = 1 / TICKS
QUIET_SHARE = 0.08
QUIET_LOOK_SECONDS = 0.4


@dataclasses.dataclass(frozen=True)
class Reading:
    """Seconds since the start of the machine; busy and stolen ones core by core."""

    at: float
    busy: tuple[float, ...]
    steal: tuple[float, ...]
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
    busy, steal = [], []
    with open("/proc/stat", encoding="ascii") as stat:
        for line in stat:
            if line.startswith("cpu") and line[3].isdigit():
                fields = [int(field) / TICKS for field in line.split()[1:9]]
                user, nice, system, _, _, interrupts, soft, stolen = fields
                busy.append(user + nice + system + interrupts + soft)
                steal.append(stolen)
    own = [os.getpid(), *pids]
    own += [child for pid in pids for child in _children(pid)]
    players = sum(_process_clock(pid) for pid in own)
    return Reading(time.monotonic(), tuple(busy), tuple(steal), players)


def _gain(before: Sequence[float], after: Sequence[float], cores: Iterable[int]) -> float:
    return sum(after[core] - before[core] for core in cores if core < len(after))


def disturbance(before: Reading, after: Reading, cores: Sequence[int]) -> tuple[float, float]:
    """Returns (steal, foreign CPU) on these cores; a tick of doubt is granted for each."""
    seconds = max(after.at - before.at, 1e-9)
    granted = TICK_SECONDS * len(cores)
    steal = _gain(before.steal, after.steal, cores) - granted
    foreign = _gain(before.busy, after.busy, cores) - (after.players - before.players) - granted
    return max(steal, 0.0) / seconds, max(foreign, 0.0) / seconds


def neighbours(before: Reading, after: Reading, cores: Sequence[int]) -> float:
    """Returns how many of the other cores were busy."""
    others = [core for core in range(len(after.busy)) if core not in cores]
    return _gain(before.busy, after.busy, others) / max(after.at - before.at, 1e-9)


def wait_until_quiet(patience_seconds: float) -> bool:
    """Waits until other processes take less than a tenth of a core; false when they do not."""
    end = time.monotonic() + patience_seconds
    while True:
        before = read(())
        time.sleep(QUIET_LOOK_SECONDS)
        steal, foreign = disturbance(before, read(()), range(os.cpu_count() or 1))
        if steal + foreign <= QUIET_SHARE:
            return True
        if time.monotonic() >= end:
            return False


def go_first(core: int, *, is_realtime: bool = False) -> None:
    """Pins the calling process and puts its session before all others, where permitted.

    Players that time short blocks get a real-time priority: between blocks they sleep.

    Plain ``nice`` counts only inside one session where the kernel groups processes by session;
    so the session's own group is given the same priority.
    """
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, {core % (os.cpu_count() or 1)})
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -20)
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w", encoding="ascii") as group:
        group.write("-20")
    if is_realtime:
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


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
