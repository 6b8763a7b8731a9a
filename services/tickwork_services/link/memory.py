"""The transport ``memory``: the shm pipe on anonymous memory, between components of one process.

Both ends are made together, by the table of the process; native stages of one unit do not even
use them (they call each other directly).
"""

from tickwork.unit import unit as units
from tickwork_services.link import link, native_pipe


class MemoryInlet(native_pipe.PipeInlet):
    """The reading end of a memory pipe."""

    def __init__(self, end: units.LinkEnd, seat: link.Seat) -> None:
        super().__init__(end, seat.wait)
        self._pipes = seat.memory

    def attach(self) -> bool:
        """Takes the reading end; both ends exist from the first opening on."""
        if self._reader is None:
            self._reader = self._pipes.ends(self._end.link, self._end.capacity_bytes)[1]
        return True


class MemoryOutlet(native_pipe.PipeOutlet):
    """The writing end of a memory pipe."""

    def __init__(self, end: units.LinkEnd, seat: link.Seat) -> None:
        super().__init__(end)
        self._pipes = seat.memory

    def open(self) -> None:
        """Takes the writing end."""
        if self._writer is None:
            self._writer = self._pipes.ends(self._end.link, self._end.capacity_bytes)[0]
