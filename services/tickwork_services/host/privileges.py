"""What a unit asks of the kernel beyond its due: real-time priority, memory that stays.

Both are wishes: where they are not permitted the unit runs without them and says so.
"""

import ctypes
import os
from collections.abc import Iterator

_LOCK_CURRENT = 1
_LOCK_FUTURE = 2


def ask(real_time_priority: int | None, *, lock_memory: bool) -> Iterator[str]:
    """Asks for what is wanted; yields a warning for each wish that was not granted.

    Call it before threads are made: they inherit the scheduling of whoever makes them.
    """
    if real_time_priority is not None:
        try:
            parameter = os.sched_param(real_time_priority)
            os.sched_setscheduler(0, os.SCHED_FIFO, parameter)
        except OSError as error:
            yield (
                f"realTimePriority {real_time_priority} was not granted ({error.strerror}): this "
                "unit is scheduled like any other. It needs CAP_SYS_NICE, or a limit rtprio."
            )
    if lock_memory:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mlockall(_LOCK_CURRENT | _LOCK_FUTURE) != 0:
            reason = os.strerror(ctypes.get_errno())
            yield (
                f"lockMemory was not granted ({reason}): pages of this unit may be swapped out. "
                "It needs CAP_IPC_LOCK, or a higher limit memlock."
            )
