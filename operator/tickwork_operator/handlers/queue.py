"""Which Experiments are to be looked at: each waits at most once, and is with one worker only."""

import asyncio
import collections
import heapq
from collections.abc import Callable

from tickwork_operator import telemetry

WAIT_SECONDS_MAX = 20.0
# Instants that were replaced stay in the heap, up to as many as there are valid ones, and a few.
STALE_MAX = 64


class Queue:
    """Uids that wait. One added while it is worked on waits again afterwards.

    Its bound is the number of Experiments: none waits twice.
    """

    def __init__(self, metrics: telemetry.Metrics) -> None:
        self._metrics = metrics
        self._waiting: collections.OrderedDict[str, None] = collections.OrderedDict()
        self._working: set[str] = set()
        self._again: set[str] = set()
        self._some = asyncio.Event()

    def add(self, uid: str) -> None:
        """Lets ``uid`` wait, if it does not yet."""
        if uid in self._working:
            self._again.add(uid)
            return
        self._waiting.setdefault(uid)
        self._show()

    async def take(self) -> str:
        """Returns the uid that has waited longest, as soon as there is one."""
        while not self._waiting:
            self._some.clear()
            await self._some.wait()
        uid, _ = self._waiting.popitem(last=False)
        self._working.add(uid)
        self._show()
        return uid

    def done(self, uid: str) -> None:
        """Ends the work on ``uid``; it waits again if it was added meanwhile."""
        self._working.discard(uid)
        if uid in self._again:
            self._again.discard(uid)
            self.add(uid)

    def _show(self) -> None:
        self._metrics.waiting.set(len(self._waiting))
        if self._waiting:
            self._some.set()


class Deadlines:
    """One heap of instants, at which Experiments are looked at again though nothing happened."""

    def __init__(
        self, queue: Queue, now_unix_ns: Callable[[], int], metrics: telemetry.Metrics
    ) -> None:
        self._queue = queue
        self._now_unix_ns = now_unix_ns
        self._metrics = metrics
        self._heap: list[tuple[int, str]] = []
        self._due: dict[str, int] = {}
        self._sooner = asyncio.Event()

    def set(self, uid: str, at_unix_ns: int | None) -> None:
        """Replaces the instant of ``uid``; None: there is none."""
        if at_unix_ns is None:
            self._due.pop(uid, None)
        elif self._due.get(uid) != at_unix_ns:
            self._due[uid] = at_unix_ns
            heapq.heappush(self._heap, (at_unix_ns, uid))
            self._sooner.set()
            self._tidy()
        self._metrics.deadlines.set(len(self._due))

    def __len__(self) -> int:
        """Returns how many instants are kept, those that do not hold any more too."""
        return len(self._heap)

    def _tidy(self) -> None:
        if len(self._heap) > 2 * len(self._due) + STALE_MAX:
            self._heap = [(at, uid) for uid, at in self._due.items()]
            heapq.heapify(self._heap)

    def next_unix_ns(self) -> int | None:
        """Returns the earliest instant that still holds."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pass_on(self) -> None:
        """Hands on every uid whose instant has come."""
        now = self._now_unix_ns()
        while (at := self.next_unix_ns()) is not None and at <= now:
            _, uid = heapq.heappop(self._heap)
            self.set(uid, None)
            self._queue.add(uid)

    async def run(self) -> None:
        """Passes on for ever. A clock that jumps is noticed within ``WAIT_SECONDS_MAX``."""
        while True:
            self.pass_on()
            self._sooner.clear()
            at = self.next_unix_ns()
            ahead = WAIT_SECONDS_MAX if at is None else (at - self._now_unix_ns()) / 1e9
            try:
                async with asyncio.timeout(max(0.0, min(ahead, WAIT_SECONDS_MAX))):
                    await self._sooner.wait()
            except TimeoutError:
                continue
