"""What this process finds around it: machine, kernel, boot, limits. Read once, changed never.

Nothing here changes behaviour; it is written beside results so that a reader knows what ran.
"""

import dataclasses
import os
import pathlib
import platform
from collections.abc import Set as AbstractSet

from tickwork_services.host import cgroups

ONLINE_CPUS = pathlib.Path("/sys/devices/system/cpu/online")


@dataclasses.dataclass(frozen=True)
class Environment:
    """Facts of the machine; a limit that is not set is None.

    ``affinity`` are the CPUs that this process may use, in ranges. They are its own alone
    (``affinity_exclusive``) where Kubernetes gave a guaranteed pod whole CPUs.
    """

    boot_id: str
    kernel: str
    machine: str
    cpus: int
    affinity: str
    affinity_exclusive: bool
    cgroup: cgroups.Version | None
    qos_class: cgroups.QosClass | None
    cpu_quota: float | None
    memory_bytes_max: int | None


def read_environment(
    cgroup: pathlib.Path = cgroups.CGROUP, proc: pathlib.Path = cgroups.PROC
) -> Environment:
    """Returns what the kernel says about this process and its limits."""
    cpus = os.sched_getaffinity(0)
    limits = cgroups.read_limits(cgroup, proc)
    qos = cgroups.read_qos(proc) if "KUBERNETES_SERVICE_HOST" in os.environ else None
    return Environment(
        boot_id=_read(pathlib.Path("/proc/sys/kernel/random/boot_id")) or "unknown",
        kernel=platform.release(),
        machine=platform.machine(),
        cpus=len(cpus),
        affinity=show_cpus(cpus),
        affinity_exclusive=is_exclusive(qos, len(cpus), count_online(), limits.cpu_quota),
        cgroup=limits.version,
        qos_class=qos,
        cpu_quota=limits.cpu_quota,
        memory_bytes_max=limits.memory_bytes_max,
    )


def is_exclusive(
    qos: cgroups.QosClass | None, cpus: int, online: int, cpu_quota: float | None
) -> bool:
    """Says whether a pod's CPUs are its own: guaranteed, bound to some, and to whole ones.

    A pod with a fraction of a CPU keeps its quota and shares what the others leave.
    """
    return qos == "guaranteed" and cpus < online and cpu_quota in (None, cpus)


def show_cpus(cpus: AbstractSet[int]) -> str:
    """Returns CPUs as the kernel writes them: ``0-1,4``."""
    ranges: list[list[int]] = []
    for cpu in sorted(cpus):
        if ranges and cpu == ranges[-1][1] + 1:
            ranges[-1][1] = cpu
        else:
            ranges.append([cpu, cpu])
    return ",".join(f"{first}-{last}" if last > first else f"{first}" for first, last in ranges)


def count_online(path: pathlib.Path = ONLINE_CPUS) -> int:
    """Returns how many CPUs the machine runs; those of this process where it does not say."""
    text = _read(path)
    if not text:
        return len(os.sched_getaffinity(0))
    bounds = [each.partition("-") for each in text.split(",")]
    return sum(int(last or first) - int(first) + 1 for first, _, last in bounds)


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
