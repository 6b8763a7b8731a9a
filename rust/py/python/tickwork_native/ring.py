"""``Ring``: the tops of a publication as NumPy arrays.

Here: the Python comfort over ``RingReader``. A process that must not import NumPy uses
``read_bytes``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, Self

from tickwork_native import _native, layout

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np

    _Tops = np.ndarray[tuple[int], np.dtype[np.void]]

_SLICE_NS: Final = 50_000_000


class Ring:
    """Every top of book that a publisher writes, from now on, losses counted.

    Examples:
        >>> ring = Ring.open("demo")                               # doctest: +SKIP
        >>> tops, lost = ring.read_batch(timeout_ns=1_000_000_000)  # doctest: +SKIP
    """

    def __init__(self, reader: _native.RingReader) -> None:
        self._reader = reader
        self._executor: ThreadPoolExecutor | None = None

    @classmethod
    def open(cls, name: str | os.PathLike[str], root: str | os.PathLike[str] | None = None) -> Self:
        """Attaches read-only.

        Raises:
            SegmentMissing: the publisher has not started.
            SegmentRefused: another layout version, or a file of an earlier boot.
        """
        return cls(_native.RingReader.attach(_native.segment_path(name, root)))

    def read_batch(
        self, max_records: int = 4096, timeout_ns: int = 0, wait: str = "park"
    ) -> tuple[_Tops, int]:
        """Checked tops in an array of their own, and how many were newly lost.

        Fields are those of ``layout.TOP_DTYPE``; lost are records that were overwritten before
        this call could read them. Waits at most ``timeout_ns`` for the first, without the GIL,
        and answers Ctrl-C; ``wait`` is spin, yield or park.
        """
        import numpy as np  # noqa: PLC0415  processes without arrays do not pay for it

        reader = self._reader
        if timeout_ns > 0 and reader.available == 0:
            reader.wait(timeout_ns, wait)
        room = min(max_records, reader.available)
        tops: _Tops = np.empty(room, layout.top_dtype())
        count, lost = reader.read_into(tops.view(np.uint8).data)
        return tops[:count], lost

    def read_bytes(self, max_records: int = 4096) -> tuple[bytes, int]:
        """As ``read_batch``, without NumPy: 64 bytes per record."""
        return self._reader.read_bytes(max_records)

    def wait(self, timeout_ns: int, wait: str = "park") -> bool:
        """Whether there is something to read, now or within the time."""
        return self._reader.wait(timeout_ns, wait)

    async def next_batch(self, max_records: int = 4096) -> tuple[_Tops, int]:
        """Waits for tops without blocking the event loop.

        A cancelled wait has read nothing. Ends with an empty array when the writer has closed
        the stream.
        """
        while True:
            tops, lost = self.read_batch(max_records)
            if len(tops) > 0 or self._reader.state == "closed":
                return tops, lost
            await self._wait_slice()

    async def _wait_slice(self) -> None:
        # Only a process with an event loop pays for it, and that has imported it already.
        import asyncio  # noqa: PLC0415
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, "tickwork-ring")
        waiter = self._reader.waiter()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._executor, waiter.wait, _SLICE_NS)

    def header(self) -> dict[str, Any]:
        """What the segment says about itself, as ``inspect_segment``."""
        return self._reader.header()

    def close(self) -> None:
        """Lets go."""
        if self._executor is not None:
            self._executor.shutdown(wait=True)
            self._executor = None
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def state(self) -> str:
        """starting, live, draining, closed, moved, stuck (no heartbeat) or dead."""
        return self._reader.state

    @property
    def generation(self) -> int:
        """Rises with each start of the writer and with each change of an exponent."""
        return self._reader.generation

    @property
    def lost(self) -> int:
        """Records lost in all."""
        return self._reader.lost

    @property
    def laps(self) -> int:
        """How often the writer came round."""
        return self._reader.laps

    @property
    def received(self) -> int:
        """Records read in all."""
        return self._reader.received
