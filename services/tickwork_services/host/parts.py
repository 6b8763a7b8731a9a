"""The parts of one unit: its components, the ends of their links, its native loop.

Components stand in the order of flow. They are opened and started from the last to the first, so
that whoever receives is there before whoever sends, and stopped from the first to the last.
"""

import asyncio
import dataclasses
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tickwork.unit import unit as units
from tickwork_services import clocks
from tickwork_services.host import component, meter, native
from tickwork_services.link import link, secure, transports

Make = Callable[[component.Context], component.Component]

ATTACH_NS_MIN = 1_000_000
ATTACH_NS_MAX = 50_000_000


@dataclasses.dataclass(frozen=True)
class Part:
    """One component with the ends of its links."""

    component: component.Component
    inlets: Mapping[str, link.Inlet]
    outlets: Mapping[str, link.Outlet]


class Parts:
    """All parts of a unit; made at open, given back at close."""

    def __init__(
        self,
        unit: units.Unit,
        make: Make,
        registry: meter.Registry,
        log: Any,
        fail: component.Fail,
    ) -> None:
        self._unit = unit
        self._make = make
        self._registry = registry
        self._log = log
        self._fail = fail
        self._parts: list[Part] = []
        self._direct: dict[str, native.Edge] = {}
        self._ends: dict[str, link.Inlet | link.Outlet] = {}
        self._loop: Any | None = None
        self._loop_started = False
        self._contexts: secure.Contexts | None = None
        self._turns = 0
        self._turned_ns = 0

    async def open(self) -> None:
        """Makes all components and opens their ends, then the components, last to first."""
        memory = transports.make_memory()
        self._contexts = _make_contexts(self._unit)
        for spec in self._unit.components:
            self._parts.append(self._make_part(spec, memory))
        self._direct = native.find_direct(self._stages())
        for part in self._parts:
            self._open_ends(part)
        for part in reversed(self._parts):
            await part.component.open()

    async def attach(self) -> None:
        """Attaches every end to its other side, with back-off, however long that takes."""
        for name, end in self._ends.items():
            pause_ns = ATTACH_NS_MIN
            while not end.attach():
                if pause_ns == ATTACH_NS_MIN:
                    self._log.info("waiting for the other end", link=name)
                await asyncio.sleep(pause_ns / 1e9)
                pause_ns = min(2 * pause_ns, ATTACH_NS_MAX)

    async def start(self, stretch: component.Stretch) -> None:
        """Starts the components, last to first, then the native loop."""
        for part in reversed(self._parts):
            await part.component.start(stretch)
        stages = self._stages()
        if not stages:
            return
        if self._loop is None:
            self._loop = self._make_loop(stages)
        self._turned_ns = clocks.now_mono_ns()
        self._loop.start()
        self._loop_started = True

    async def stop(self, drain_ns: int) -> int:
        """Stops in the order of flow; returns how many records were left over."""
        undrained = 0
        for part in self._parts:
            if isinstance(part.component, component.NativeStage):
                undrained += await self._stop_loop(drain_ns)
            undrained += await part.component.stop(drain_ns)
        return undrained

    def reset(self) -> None:
        """Ends a Block in the kernels: books EMPTY; sequences and counters go on."""
        if self._loop is not None:
            self._loop.reset()

    async def close(self) -> None:
        """Closes components, then the ends of their links; legal in every state."""
        parts, self._parts = self._parts, []
        for part in parts:
            if isinstance(part.component, component.NativeStage):
                await self._stop_loop(0)
        self._loop = None
        for part in parts:
            await part.component.close()
        ends, self._ends = self._ends, {}
        for end in ends.values():
            end.close()

    def facts(self) -> dict[str, Mapping[str, Any]]:
        """Returns the facts of every component."""
        return {part.component.context.spec.name: part.component.facts() for part in self._parts}

    def books(self) -> dict[str, Mapping[str, Any]]:
        """Returns what components say of their books, by instrument."""
        told = [part.component.books() for part in self._parts]
        return {symbol: book for each in told for symbol, book in each.items()}

    def link_counters(self) -> dict[str, dict[str, int]]:
        """Returns the counters of every opened end: ``<link>.<inlet|outlet>``."""
        return {name: end.counters() for name, end in list(self._ends.items())}

    def serving(self) -> component.Serving:
        """Says whether every component serves; the first that does not gives the reason."""
        for part in self._parts:
            said = part.component.serving()
            if not said.serving:
                name = part.component.context.spec.name
                return component.Serving(False, f"{name}: {said.reason}")
        return component.Serving(True)

    def loop_turns(self, stall_ns: int) -> component.Serving:
        """Says whether the native loop, where there is a running one, turned lately."""
        age_ns = clocks.now_mono_ns() - self._turned_ns
        if self._loop_started and age_ns > stall_ns:
            return component.Serving(False, f"the native loop stood still for {age_ns} ns")
        return component.Serving(True)

    def observe_loop(self, now_ns: int) -> None:
        """Notes that the native loop turned, or that it broke; called at every heartbeat."""
        if self._loop is None or not self._loop_started:
            return
        if self._loop.failure is not None:
            self._loop_started = False
            self._fail(RuntimeError(f"the native loop ended by itself: {self._loop.failure}"))
            return
        turns = self._loop.turns
        if turns != self._turns:
            self._turns = turns
            self._turned_ns = now_ns

    # -- making -----------------------------------------------------------------------------------

    def _make_part(self, spec: units.ComponentSpec, memory: Any) -> Part:
        seat = link.Seat(
            wait=self._unit.wait,
            symbols=tuple(spec.settings.get("instruments", ())),
            memory=memory,
            unix_offset_ns=lambda: clocks.measure_unix_map(1).offset_ns,
            clients_max=spec.settings.get("clientsMax"),
            contexts=self._contexts,
            warn=lambda text: self._log.warning("link", text=text),
        )
        inlets = {end.port: transports.make_inlet(end, seat) for end in spec.inlets}
        outlets = {end.port: transports.make_outlet(end, seat) for end in spec.outlets}
        made = self._make(
            component.Context(
                unit=self._unit,
                spec=spec,
                inlets=inlets,
                outlets=outlets,
                meter=self._registry.meter(spec.name),
                log=self._log.bind(component=spec.name),
                fail=self._fail,
            )
        )
        self._registry.add_reader(spec.name, made.counters)
        return Part(made, inlets, outlets)

    def _open_ends(self, part: Part) -> None:
        """Opens the ends that the host owns: not direct calls, not a native stage's own outlets."""
        spec = part.component.context.spec
        made = part.component
        own = made.own_ports if isinstance(made, component.NativeStage) else frozenset()
        for out in spec.outlets:
            if out.link not in self._direct and out.port not in own:
                self._open_end(f"{out.link}.outlet", part.outlets[out.port])
        for end in spec.inlets:
            if end.link not in self._direct:
                self._open_end(f"{end.link}.inlet", part.inlets[end.port])

    def _open_end(self, name: str, end: link.Inlet | link.Outlet) -> None:
        end.open()
        self._ends[name] = end

    def _stages(self) -> list[component.NativeStage]:
        return [
            part.component
            for part in self._parts
            if isinstance(part.component, component.NativeStage)
        ]

    def _make_loop(self, stages: Sequence[component.NativeStage]) -> Any:
        nodes = native.build_nodes(stages, self._direct)
        wing: Any = importlib.import_module("tickwork_native")
        return wing.NativeLoop(nodes, self._unit.wait, self._unit.name)

    async def _stop_loop(self, drain_ns: int) -> int:
        if self._loop is None or not self._loop_started:
            return 0
        self._loop_started = False
        undrained: int = await asyncio.to_thread(self._loop.stop, drain_ns)
        return undrained


def _make_contexts(unit: units.Unit) -> secure.Contexts | None:
    """Returns how the unit greets, where it has a certificate and a link that is secured."""
    ends = [end for spec in unit.components for end in (*spec.inlets, *spec.outlets)]
    if unit.tls is None or not any(end.secure for end in ends):
        return None
    return secure.make_contexts(unit.tls)


def native_facts() -> dict[str, Any]:
    """Returns what the native wing says of its clock and build, where this process loaded it."""
    loaded = sys.modules.get("tickwork_native")
    if loaded is None:
        return {}
    clock = loaded.fast_clock()
    return {
        "clockSource": clock.source,
        "fastClockBoundNs": clock.bound_ns,
        "build": loaded.__build__,
    }
