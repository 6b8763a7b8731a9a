"""The kernel's receive stamps, mapped from Unix time to the mono clock as they are read."""

import socket
import struct

from tickwork_services import clocks
from tickwork_services.record import layout

# Linux numbers (asm-generic/socket.h): Python 3.11's socket module does not name them.
SO_TIMESTAMPNS = 35
SCM_TIMESTAMPNS = SO_TIMESTAMPNS
ANCILLARY_BYTES = 128

_TIMESPEC = struct.Struct("=qq")


def ask_for_stamps(of: socket.socket) -> bool:
    """Asks the kernel to stamp what ``of`` receives; False where it does not."""
    try:
        of.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    except OSError:
        return False
    return True


def hold_stamping() -> socket.socket:
    """Returns a socket that keeps the kernel stamping; the caller closes it.

    The kernel begins to stamp a moment after the first socket of the machine has asked: without
    this one, the first packets of a connection would come without.
    """
    held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ask_for_stamps(held)
    return held


class StampMap:
    """Maps kernel stamps to mono nanoseconds, by reading both clocks right after each read.

    The kernel stamps with the real-time clock. Reading mono, real, mono beside the read gives the
    offset of that very instant, wrong by at most half the distance of the two mono readings; a
    reading that was interrupted is made again, at most ``READINGS_MAX`` times, and the largest
    bound of all stamps is kept as ``bound_ns``. What the real-time clock was slewed between the
    packet and the read is far below it. A read of several segments carries the last one's stamp.
    """

    READINGS_MAX = 3
    GOOD_BOUND_NS = 2_000

    def __init__(self) -> None:
        self.bound_ns = 0
        self.stamped = 0
        self.missing = 0

    def read(self, ancillary: list[tuple[int, int, bytes]]) -> tuple[int, int]:
        """Returns (kernel_ns, received_ns); the first is ABSENT where no stamp came."""
        received_ns = clocks.now_mono_ns()
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == SCM_TIMESTAMPNS:
                seconds, nanoseconds = _TIMESPEC.unpack_from(data)
                kernel_unix_ns = seconds * 1_000_000_000 + nanoseconds
                self.stamped += 1
                return kernel_unix_ns + self._offset_ns(received_ns), received_ns
        self.missing += 1
        return layout.ABSENT, received_ns

    def _offset_ns(self, before_ns: int) -> int:
        offset_ns = bound_ns = 0
        for reading in range(self.READINGS_MAX):
            unix_ns = clocks.now_unix_ns()
            after_ns = clocks.now_mono_ns()
            half_ns = (after_ns - before_ns + 1) // 2
            if reading == 0 or half_ns < bound_ns:
                offset_ns, bound_ns = before_ns + half_ns - unix_ns, half_ns
            if bound_ns <= self.GOOD_BOUND_NS:
                break
            before_ns = after_ns
        self.bound_ns = max(self.bound_ns, bound_ns)
        return offset_ns
