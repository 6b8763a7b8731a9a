"""Lays a pipeline out: which units, which links, which ports. Pure."""

import dataclasses
from collections.abc import Mapping
from typing import Literal

from tickwork.kinds.pipeline import spec as specs
from tickwork.plan import placement
from tickwork.plan.plan import (
    CONTROL_PORT,
    METRICS_PORT,
    End,
    Group,
    Link,
    PlannedComponent,
    PlannedUnit,
    Port,
)
from tickwork.unit.model import Model
from tickwork.unit.settings.book import BookSettings
from tickwork.unit.settings.consumer import ConsumerSettings
from tickwork.unit.settings.forwarder import ForwarderSettings
from tickwork.unit.settings.normalizer import NormalizerSettings
from tickwork.unit.settings.publisher import PublisherSettings
from tickwork.unit.settings.recorder import RecorderSettings
from tickwork.unit.settings.venue_twin import VenueTwinSettings
from tickwork.unit.transport import TransportName, WaitName

REQUEST_PIPE_BYTES = 64 << 10
TOP_BYTES = 64
HEADER_BYTES = 64
FUSED_UNIT = "engine"
TWIN_UNIT = "twin"
VENUE_PORTS = ("websocket", "rest")
RECORDER_UNIT = "recorder"

# In the order of starting: who is read starts before who reads from a venue.
STAGES = ("publisher", "book", "normalizer", "forwarder")
FUSED_STAGES = ("publisher", "book", "normalizer")
_FLOW = {
    "forwarder": 0,
    "normalizer": 1,
    FUSED_UNIT: 1,
    "book": 2,
    "publisher": 3,
    "consumer": 4,
    RECORDER_UNIT: 4,
    TWIN_UNIT: 5,
}


@dataclasses.dataclass(frozen=True)
class Layout:
    """One arm of a pipeline: its groups, its links, the name it publishes under."""

    groups: tuple[Group, ...]
    links: tuple[Link, ...]
    publish_name: str


@dataclasses.dataclass(frozen=True)
class Arm:
    """What the planner is told beside the spec; ``suffix`` is empty in a run without arms."""

    experiment: str
    name: str
    suffix: str
    seed: int


def lay_out(arm: Arm, spec: specs.PipelineSpec) -> Layout:
    """Returns the units and links of ``spec`` in ``arm``; the rules of wiring are not checked."""
    return _Planner(arm, spec).lay_out()


def unit_names(spec: specs.PipelineSpec) -> list[str]:
    """Returns the names of the units of the pipeline itself, without the consumers."""
    return list(dict.fromkeys(placed(spec.placement).values()))


def placed(how: Literal["split", "fused"]) -> dict[str, str]:
    """Returns the unit of each stage when they are placed like this."""
    return placement.place(STAGES, FUSED_STAGES if how == "fused" else (), FUSED_UNIT)


def group_names(spec: specs.PipelineSpec) -> tuple[str, ...]:
    """Returns the names of the groups, without an arm's suffix."""
    venue = () if spec.venue.twin is None else (specs.VENUE_GROUP,)
    names = (*venue, specs.PIPELINE_GROUP, *(each.group for each in spec.consumers))
    return tuple(dict.fromkeys(names))


def publish_name(arm: Arm, spec: specs.PipelineSpec) -> str:
    """Returns the name that ``arm`` publishes under."""
    return (spec.publish.name or arm.experiment) + arm.suffix


def _dump(settings: Model) -> dict[str, object]:
    return settings.model_dump(mode="json", by_alias=True)


class _Planner:
    def __init__(self, arm: Arm, spec: specs.PipelineSpec) -> None:
        self._arm = arm
        self._spec = spec
        self._name = publish_name(arm, spec)
        self._placed = placed(spec.placement)

    def lay_out(self) -> Layout:
        groups = [*self._twin_group(), self._group(specs.PIPELINE_GROUP, self._stage_units())]
        for consumer in self._spec.consumers:
            unit = self._consumer_unit(consumer)
            name = consumer.group + self._arm.suffix
            for index, group in enumerate(groups):
                if group.name == name:
                    groups[index] = group.model_copy(update={"units": (*group.units, unit)})
                    break
            else:
                groups.append(self._group(consumer.group, [unit]))
        links = self._stage_links() + self._consumer_links()
        return Layout(tuple(groups), tuple(links), self._name)

    # -- units ------------------------------------------------------------------------------------

    def _group(self, name: str, units: list[PlannedUnit]) -> Group:
        return Group(name=name + self._arm.suffix, arm=self._arm.name, units=tuple(units))

    def _unit(
        self,
        name: str,
        flow: str,
        components: list[PlannedComponent],
        *ports: Port,
        wait: WaitName = "park",
    ) -> PlannedUnit:
        return PlannedUnit(
            name=name,
            wait=wait,
            flow=_FLOW[flow],
            cpus=self._spec.cpus.get(name, ()),
            real_time_priority=self._spec.real_time_priority,
            lock_memory=self._spec.lock_memory,
            ports=(Port(name=CONTROL_PORT), Port(name=METRICS_PORT), *ports),
            components=tuple(components),
        )

    def _twin_group(self) -> list[Group]:
        twin, venue = self._spec.venue.twin, self._spec.venue
        if twin is None:
            return []
        settings = VenueTwinSettings(
            **dict(twin),
            venue=venue.name,
            instruments=venue.instruments,
            channels=venue.channels,
            seed=self._arm.seed,
            lines=self._spec.forwarder.lines,
            sum_payloads=self._spec.record is not None,
        )
        ports = VENUE_PORTS
        component = PlannedComponent(
            name=TWIN_UNIT, component="venue_twin", settings=_dump(settings), listens=ports
        )
        unit = self._unit(TWIN_UNIT, TWIN_UNIT, [component], *(Port(name=port) for port in ports))
        return [self._group(specs.VENUE_GROUP, [unit])]

    def _stage_units(self) -> list[PlannedUnit]:
        components = {
            "publisher": self._publisher(),
            "book": self._book(),
            "normalizer": self._normalizer(),
            "forwarder": self._forwarder(),
        }
        units = []
        for name in unit_names(self._spec):
            inside = [components[each] for each in STAGES if self._placed[each] == name]
            tcp = self._spec.publish.tcp
            ports = []
            if tcp is not None and self._placed["publisher"] == name:
                # Two arms cannot share a port that a person fixed: theirs are allocated.
                ports.append(Port(name="tcp", number=None if self._arm.suffix else tcp.port))
            # Only native loops spin; a forwarder's loop is its sockets'.
            wait = "park" if name == "forwarder" else self._spec.wait
            inside = sorted(inside, key=lambda each: _FLOW[each.name])
            units.append(self._unit(name, name, inside, *ports, wait=wait))
        return [*self._recorder_units(), *units]

    def _recorder_units(self) -> list[PlannedUnit]:
        """Returns the recorder, which starts before the forwarder that feeds it."""
        record = self._spec.record
        if record is None:
            return []
        settings = RecorderSettings(
            **dict(record),
            venue=self._spec.venue.name,
            instruments=self._spec.venue.instruments,
            # A line and its replacement are two sources to whoever merges.
            lines=2 * self._spec.forwarder.lines,
            hold_ms=self._spec.forwarder.hold_ms,
        )
        component = PlannedComponent(
            name=RECORDER_UNIT, component=RECORDER_UNIT, settings=_dump(settings)
        )
        return [self._unit(RECORDER_UNIT, RECORDER_UNIT, [component])]

    def _consumer_unit(self, consumer: specs.Consumer) -> PlannedUnit:
        settings = ConsumerSettings(
            instruments=self._spec.venue.instruments, batch_records_max=consumer.batch_records_max
        )
        component = PlannedComponent(
            name=consumer.name, component="consumer", settings=_dump(settings)
        )
        wait = self._spec.wait if consumer.transport == "shm" else "park"
        return self._unit(consumer.name, "consumer", [component], wait=wait)

    # -- components -------------------------------------------------------------------------------

    def _forwarder(self) -> PlannedComponent:
        venue = self._spec.venue
        endpoint = venue.endpoint or specs.VenueEndpoint()
        urls = {} if venue.twin else _urls(endpoint)
        settings = ForwarderSettings(
            **dict(self._spec.forwarder),
            venue=venue.name,
            instruments=venue.instruments,
            channels=venue.channels,
            depth_interval_ms=venue.depth_interval_ms,
            snapshot_limit=venue.snapshot_limit,
            tls=_is_tls(venue, urls),
            ca_file=endpoint.ca_file,
            proxy=endpoint.proxy,
            seed=self._arm.seed,
        )
        twin = f"{specs.VENUE_GROUP}{self._arm.suffix}/{TWIN_UNIT}"
        connects = {port: f"{twin}/{port}" for port in VENUE_PORTS} if venue.twin else {}
        return PlannedComponent(
            name="forwarder",
            component="forwarder",
            settings=_dump(settings),
            connects=connects,
            urls=urls,
            outside=not venue.twin and (len(urls) < len(VENUE_PORTS) or bool(endpoint.proxy)),
        )

    def _normalizer(self) -> PlannedComponent:
        settings = NormalizerSettings(
            venue=self._spec.venue.name,
            instruments=self._spec.venue.instruments,
            frame_bytes_max=self._spec.forwarder.frame_bytes_max,
            snapshot_limit=self._spec.venue.snapshot_limit,
            unparsed_kept_max=self._spec.forwarder.unparsed_kept_max,
        )
        return PlannedComponent(name="normalizer", component="normalizer", settings=_dump(settings))

    def _book(self) -> PlannedComponent:
        venue = self._spec.venue
        settings = BookSettings(
            **dict(self._spec.book), venue=venue.name, instruments=venue.instruments
        )
        return PlannedComponent(name="book", component="book", settings=_dump(settings))

    def _publisher(self) -> PlannedComponent:
        venue, publish = self._spec.venue, dict(self._spec.publish)
        del publish["tcp"]
        settings = PublisherSettings(
            **{**publish, "name": self._name},
            venue=venue.name,
            instruments=venue.instruments,
            depth=self._spec.book.depth,
        )
        return PlannedComponent(name="publisher", component="publisher", settings=_dump(settings))

    # -- links ------------------------------------------------------------------------------------

    def _path(self, component: str) -> str:
        unit = self._placed.get(component, component)
        return f"{specs.PIPELINE_GROUP}{self._arm.suffix}/{unit}"

    def _pipe(self, name: str, to: str, port: str, capacity_bytes: int) -> Link:
        source, outlet_port = name.split(".")
        outlet, inlet = self._path(source), self._path(to)
        transport = placement.nearest(outlet, inlet)
        return Link(
            name=name,
            transport=transport,
            topology="pipe",
            listener="outlet",
            capacity_bytes=capacity_bytes,
            outlet=End(unit=outlet, component=source, port=outlet_port),
            inlets=(End(unit=inlet, component=to, port=port),),
            segment=f"{self._name}/{name}" if transport == "shm" else None,
        )

    def _stage_links(self) -> list[Link]:
        record = self._spec.record
        tap = (
            []
            if record is None
            else [self._pipe("forwarder.record", RECORDER_UNIT, "frames", record.buffer_bytes)]
        )
        return [
            *tap,
            self._pipe("forwarder.frames", "normalizer", "frames", self._spec.pipe_bytes),
            self._pipe("normalizer.records", "book", "records", self._spec.pipe_bytes),
            self._pipe("book.records", "publisher", "records", self._spec.pipe_bytes),
            self._pipe("book.requests", "forwarder", "requests", REQUEST_PIPE_BYTES),
            self._pipe("publisher.images", "book", "images", REQUEST_PIPE_BYTES),
        ]

    def _consumer_links(self) -> list[Link]:
        """Returns one broadcast per transport; shm always, tcp where it is served."""
        wanted: dict[TransportName, list[End]] = {"shm": []}
        if self._spec.publish.tcp is not None:
            wanted["tcp"] = []
        for index, consumer in enumerate(self._spec.consumers):
            end = End(
                unit=f"{consumer.group}{self._arm.suffix}/{consumer.name}",
                component=consumer.name,
                port="book",
                region="top",
                origin=f"consumers.{index}.transport",
            )
            wanted.setdefault(consumer.transport, []).append(end)
        return [self._broadcast(transport, ends) for transport, ends in wanted.items()]

    def _broadcast(self, transport: TransportName, ends: list[End]) -> Link:
        publish = self._spec.publish
        port = "book" if transport == "shm" else transport
        outlet = self._path("publisher")
        ring_bytes = publish.ring_slots * TOP_BYTES + publish.depth_bytes
        return Link(
            name=f"publisher.{port}",
            transport=transport,
            topology="broadcast",
            listener="outlet",
            capacity_bytes=ring_bytes if transport == "shm" else publish.client_queue_bytes_max,
            outlet=End(unit=outlet, component="publisher", port=port),
            inlets=tuple(ends),
            segment=f"{self._name}/book" if transport == "shm" else None,
            endpoint=f"{outlet}/tcp" if transport == "tcp" else None,
        )


def _urls(endpoint: specs.VenueEndpoint) -> Mapping[str, str]:
    """Returns the URLs that a person gave; a bare ``host:port`` gets its scheme from ``tls``."""
    schemes = {"websocket": "ws", "rest": "http"}
    given = {"websocket": endpoint.websocket, "rest": endpoint.rest}
    return {
        port: url if "://" in url else f"{schemes[port]}{'s' if endpoint.tls else ''}://{url}"
        for port, url in given.items()
        if url is not None
    }


def _is_tls(venue: specs.Venue, urls: Mapping[str, str]) -> bool:
    if venue.twin is not None:
        return venue.twin.tls_certificate_file is not None
    if "websocket" in urls:
        return urls["websocket"].startswith("wss://")
    return venue.endpoint is None or venue.endpoint.tls
