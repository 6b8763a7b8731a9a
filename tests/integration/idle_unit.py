"""A unit whose only component does nothing but count turns: drives the host alone."""

import asyncio
import sys

from tickwork_services import clocks
from tickwork_services.host import component, run_unit


class Idle(component.Component):
    """Counts every 10 ms while a stretch runs; breaks where its settings say so."""

    def __init__(self, settings, context):
        super().__init__(settings, context)
        self.turned = 0
        self.task = None
        shift_clock(context.spec.settings.get("clockAheadNs", 0))

    async def open(self):
        if self.context.spec.settings.get("breakAt") == "open":
            raise RuntimeError("told to break at open")

    async def start(self, stretch):
        (stretch.directory / "idle.bin").write_bytes(b"\x07" * (3 << 20))
        self.task = asyncio.create_task(self._turn(stretch))

    async def _turn(self, stretch):
        try:
            await clocks.sleep_until(stretch.start_ns)
            while True:
                self.turned += 1
                if self.context.spec.settings.get("breakAt") == "turn":
                    raise RuntimeError("told to break in a turn")
                await asyncio.sleep(0.01)
        except RuntimeError as error:
            self.context.fail(error)

    async def stop(self, drain_ns):
        if self.task is not None:
            self.task.cancel()
        return self.context.spec.settings.get("undrained", 0)

    async def close(self):
        if self.task is not None:
            self.task.cancel()

    def counters(self):
        return {"turned": self.turned}

    def facts(self):
        return {"idle": True}


def shift_clock(ahead_ns):
    """Lets this process read a Unix clock that is ahead, as a unit on another machine might."""
    read_ns = clocks.now_unix_ns
    if ahead_ns:
        clocks.now_unix_ns = lambda: read_ns() + ahead_ns


if __name__ == "__main__":
    sys.exit(run_unit.run(sys.argv[1:], lambda context: Idle(context.spec.settings, context)))
