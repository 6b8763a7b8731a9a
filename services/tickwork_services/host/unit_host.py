"""One unit as a whole: its parts, its lifecycle, its blocks. Control and signals call this.

Calls are serialised by one lock; the only waits outside it are those for a start instant and for
links to attach, so that a Stop always gets through.
"""

import asyncio
import dataclasses
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

from tickwork import errors
from tickwork.unit import unit as units
from tickwork_services import clocks
from tickwork_services.host import component, environment, lifecycle, meter, outputs, parts

LINGER_NS = 2_000_000_000
HEARTBEAT_NS = 250_000_000
APPROACH_NS = 3_000_000
STILLNESS_NS = 20_000_000


@dataclasses.dataclass(frozen=True)
class Start:
    """What a Conductor asks of Start; instants are Unix nanoseconds."""

    block: int
    arm: str
    label: str
    start_unix_ns: int
    measure_from_unix_ns: int
    stop_unix_ns: int | None


@dataclasses.dataclass(frozen=True)
class Started:
    """When a unit really started, and how well its clock maps to Unix time."""

    started_unix_ns: int
    lateness_ns: int
    clock_bound_ns: int


class UnitHost:
    """Runs one unit; ``ended`` resolves to the exit code of the process."""

    def __init__(
        self,
        unit: units.Unit,
        make: parts.Make,
        log: component.Logger,
        last_lines: Callable[[], tuple[str, ...]],
    ) -> None:
        self.unit = unit
        self.lifecycle = lifecycle.Lifecycle(unit.path)
        self.registry = meter.Registry()
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.beat_ns = clocks.now_mono_ns()
        self.scrapes = 0
        self._environment = _environment_facts(unit)
        self._log = log
        self._last_lines = last_lines
        self._loop = asyncio.get_running_loop()
        self._lock = asyncio.Lock()
        self._changed = asyncio.Event()
        self._begun: asyncio.Task[Started] | None = None
        self._outputs: outputs.StretchOutputs | None = None
        self._parts = parts.Parts(unit, make, self.registry, log, self.fail)
        self._heart = asyncio.create_task(self._beat())
        self._tasks: set[asyncio.Task[None]] = set()

    # -- calls ------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Makes components, opens links and sockets: new → starting → ready."""
        async with self._lock:
            if self.lifecycle.begin_open() is lifecycle.Step.DONE:
                return
            self._announce()
            try:
                await self._parts.open()
            except Exception as error:
                self._fail(error)
                raise
            self.lifecycle.end_open()
            self._announce()
            self._log.info("ready")

    async def start(self, start: Start) -> Started:
        """Starts a block; returns when its start instant has come and its links are attached."""
        async with self._lock:
            if self.lifecycle.begin_start(start.label) is lifecycle.Step.DO:
                self._announce()
                self._begun = asyncio.create_task(self._begin(start))
            begun = self._begun
        if begun is None:
            raise errors.LifecycleError(f"Unit {self.unit.path} has no start under way.")
        try:
            return await asyncio.shield(begun)
        except asyncio.CancelledError:
            if not begun.cancelled():
                raise
            raise errors.LifecycleError(
                f"Starting {start.label}: the unit was stopped before its start instant."
            ) from None

    async def stop(self, drain_ns: int, reason: str, *, final: bool) -> int:
        """Drains and stops in the order of flow; returns how many records were left over."""
        async with self._lock:
            was_running = self.lifecycle.state == "running"
            if self.lifecycle.begin_stop(final=final) is lifecycle.Step.DONE:
                return 0
            self._announce()
            undrained = 0
            try:
                if was_running:
                    undrained = await self._end_stretch(drain_ns, partial=False)
                if final:
                    await self._parts.close()
            except Exception as error:
                self._fail(error)
                raise
            self.lifecycle.end_stop(final=final)
            self._announce()
            self._log.info("stopped", reason=reason, final=final, undrained=undrained)
            if final:
                self._end(0)
            return undrained

    def fail(self, error: BaseException) -> None:
        """Ends the unit as failed; may be called from any thread, returns at once."""
        self._loop.call_soon_threadsafe(self._fail, error)

    async def wait_change(self, timeout_ns: int) -> None:
        """Returns at the next change of state, or after ``timeout_ns``."""
        try:
            await asyncio.wait_for(self._changed.wait(), timeout_ns / 1e9)
        except TimeoutError:
            return

    def endpoints(self) -> dict[str, str]:
        """Returns this unit's addresses by name."""
        found = {"control": self.unit.control, "metrics": self.unit.metrics}
        for spec in self.unit.components:
            for name, address in spec.listens.items():
                found[f"{spec.name}.{name}"] = address
            for end in spec.outlets:
                if end.listener == "outlet":
                    found[f"{spec.name}.{end.port}"] = end.address
        return found

    def serving(self) -> component.Serving:
        """Says whether the unit serves: running, and every component serving."""
        if self.lifecycle.state != "running":
            return component.Serving(False, f"the unit is {self.lifecycle.state}")
        return self._parts.serving()

    def link_counters(self) -> dict[str, dict[str, int]]:
        """Returns the counters of every opened end: ``<link>.<inlet|outlet>``."""
        return self._parts.link_counters()

    def books(self) -> dict[str, Mapping[str, Any]]:
        """Returns what components say of their books, by instrument."""
        return self._parts.books()

    def alive(self, stall_ns: int) -> component.Serving:
        """Says whether the event loop and the native loop turn; ``reason`` names which does not."""
        age_ns = clocks.now_mono_ns() - self.beat_ns
        if age_ns > stall_ns:
            return component.Serving(False, f"the event loop stood still for {age_ns} ns")
        return self._parts.loop_turns(stall_ns)

    async def close(self) -> None:
        """Gives everything back, also after a failure; the process ends next."""
        self._heart.cancel()
        if self._begun is not None:
            self._begun.cancel()
        await self._parts.close()

    # -- a stretch --------------------------------------------------------------------------------

    async def _begin(self, start: Start) -> Started:
        try:
            return await self._begin_stretch(start)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self._fail(error)
            raise

    async def _begin_stretch(self, start: Start) -> Started:
        unix_map = clocks.measure_unix_map()
        directory = pathlib.Path(self.unit.output_directory, start.label)
        outputs.prepare(directory, self.unit.incarnation)
        stop_unix_ns = start.stop_unix_ns
        stretch = component.Stretch(
            block=start.block,
            arm=start.arm,
            label=start.label,
            start_ns=unix_map.to_mono_ns(start.start_unix_ns),
            measure_from_ns=unix_map.to_mono_ns(start.measure_from_unix_ns),
            stop_ns=None if stop_unix_ns is None else unix_map.to_mono_ns(stop_unix_ns),
            directory=directory,
            unix_map=unix_map,
        )
        written = self._make_outputs(stretch)
        self._outputs = written
        written.start()
        await self._parts.attach()
        await self._parts.start(stretch)
        await clocks.sleep_until(stretch.start_ns - APPROACH_NS)
        # An event loop wakes to the millisecond, and other tasks first: the rest is waited out.
        clocks.sleep_until_exactly(stretch.start_ns)
        started_ns = clocks.now_mono_ns()
        lateness_ns = started_ns - stretch.start_ns
        written.mark_started(unix_map.to_unix_ns(started_ns), lateness_ns)
        # Other units wake at this very instant, perhaps on this very core: who has begun leaves it
        # to them, and tells of its start when they have begun too.
        await clocks.sleep_until(started_ns + STILLNESS_NS)
        if self.lifecycle.state != "failed":
            self._log.info("started", block=start.label, lateness_ns=lateness_ns)
        return Started(unix_map.to_unix_ns(started_ns), lateness_ns, unix_map.bound_ns)

    def _make_outputs(self, stretch: component.Stretch) -> outputs.StretchOutputs:
        return outputs.StretchOutputs(
            self.unit.path,
            stretch,
            registry=self.registry,
            links=self._parts.link_counters,
            facts=self._parts.facts,
            books=self._parts.books,
            host=self.host_facts,
            fail=self.fail,
        )

    async def _end_stretch(self, drain_ns: int, *, partial: bool) -> int:
        if self._begun is not None:
            self._begun.cancel()
            await asyncio.gather(self._begun, return_exceptions=True)
            self._begun = None
        undrained = await self._parts.stop(drain_ns)
        written, self._outputs = self._outputs, None
        if written is not None:
            await asyncio.to_thread(written.finish, partial=partial)
        self._parts.reset()
        return undrained

    # -- state ------------------------------------------------------------------------------------

    def _fail(self, error: BaseException) -> None:
        known = isinstance(error, errors.TickworkError)
        text = error.text if isinstance(error, errors.TickworkError) else f"{error!r}"
        remedy = error.remedy if isinstance(error, errors.TickworkError) else ""
        self._log.error(
            "failed",
            error=type(error).__name__,
            text=text,
            remedy=remedy,
            exc_info=None if known else error,
        )
        failure = lifecycle.Failure(type(error).__name__, text, remedy, self._last_lines())
        if not self.lifecycle.fail(failure):
            return
        self._announce()
        task = asyncio.create_task(self._end_failed(getattr(error, "exit_code", 1)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end_failed(self, exit_code: int) -> None:
        """Leaves the last state on disk and the failure readable for a moment, then ends."""
        written, self._outputs = self._outputs, None
        if written is not None:
            await asyncio.to_thread(written.finish, partial=True)
        await asyncio.sleep(LINGER_NS / 1e9)
        self._end(exit_code)

    def _end(self, exit_code: int) -> None:
        if not self.ended.done():
            self.ended.set_result(exit_code)

    def _announce(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    @property
    def host_facts(self) -> Mapping[str, Any]:
        """The machine, and the native wing's clock and build once a component has loaded it."""
        return {**self._environment, **parts.native_facts()}

    async def _beat(self) -> None:
        while True:
            self.beat_ns = clocks.now_mono_ns()
            self._parts.observe_loop(self.beat_ns)
            await asyncio.sleep(HEARTBEAT_NS / 1e9)


def _environment_facts(unit: units.Unit) -> Mapping[str, Any]:
    found = environment.read_environment()
    return {
        "wait": unit.wait,
        "kernel": found.kernel,
        "machine": found.machine,
        "cpus": found.cpus,
        "affinity": found.affinity,
        "affinityExclusive": found.affinity_exclusive,
        "cgroup": found.cgroup,
        "qosClass": found.qos_class,
        "cpuQuota": found.cpu_quota,
        "memoryBytesMax": found.memory_bytes_max,
        "bootId": found.boot_id,
    }
