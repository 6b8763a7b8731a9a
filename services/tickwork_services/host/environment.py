"""What this process finds around it: machine, kernel, boot, limits. Read once, changed never.

Nothing here changes behaviour; it is written beside results so that a reader knows what ran.
"""

import dataclasses
import os
import pathlib
import platform

_CGROUP = pathlib.Path("/sys/fs/cgroup")


@dataclasses.dataclass(frozen=True)
class Environment:
    """Facts of the machine; a limit that is not set is None."""

    boot_id: str
    kernel: str
    machine: str
    cpus: int
    cpu_quota: float | None
    memory_bytes_max: int | None


def read_environment(cgroup: pathlib.Path = _CGROUP) -> Environment:
    """Returns what the kernel says about this process and its limits (cgroup v2)."""
    return Environment(
        boot_id=_read(pathlib.Path("/proc/sys/kernel/random/boot_id")) or "unknown",
        kernel=platform.release(),
        machine=platform.machine(),
        cpus=len(os.sched_getaffinity(0)),
        cpu_quota=parse_cpu_max(_read(cgroup / "cpu.max")),
        memory_bytes_max=parse_memory_max(_read(cgroup / "memory.max")),
    )


def parse_cpu_max(text: str | None) -> float | None:
    """Returns the CPUs that ``cpu.max`` allows (quota / period), None where unlimited."""
    if not text or text.split()[0] == "max":
        return None
    quota, period = text.split()
    return int(quota) / int(period)


def parse_memory_max(text: str | None) -> int | None:
    """Returns the bytes that ``memory.max`` allows, None where unlimited."""
    return None if not text or text == "max" else int(text)


def skip_plugins() -> None:
    """Keeps pydantic from looking through every installed package for plugins it may have.

    To be called before pydantic is imported; it spares a fifteenth of a unit's start.
    """
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"


def bind_cpus(cpus: tuple[int, ...]) -> None:
    """Binds this process to ``cpus``; nothing where empty. Raises OSError for absent ones."""
    if cpus:
        os.sched_setaffinity(0, cpus)


@dataclasses.dataclass(frozen=True)
class ProcessUse:
    """What this process uses now."""

    rss_anon_bytes: int
    cpu_seconds: float
    open_files: int


def read_process_use(proc: pathlib.Path = pathlib.Path("/proc/self")) -> ProcessUse:
    """Returns anonymous memory, CPU seconds (user + system) and open files of this process."""
    times = os.times()
    return ProcessUse(
        rss_anon_bytes=parse_rss_anon((proc / "status").read_text()),
        cpu_seconds=times.user + times.system,
        open_files=len(os.listdir(proc / "fd")),  # noqa: PTH208 — names only, no Path objects
    )


def parse_rss_anon(status: str) -> int:
    """Returns the bytes of the line ``RssAnon`` of a ``/proc/<pid>/status``."""
    for line in status.splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


def _read(path: pathlib.Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None
