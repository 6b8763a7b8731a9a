"""The rules on a pipeline's own stages: room, proof, names, consumers, cores, reach."""

from collections.abc import Iterable, Iterator

from tickwork.kinds.pipeline import planner
from tickwork.kinds.pipeline import spec as specs
from tickwork.manifest import document, overrides
from tickwork.manifest.rule import Breach, Cel, Context, Rule, literal, written
from tickwork.plan import wiring
from tickwork.unit.settings.book import BookTuning
from tickwork.unit.settings.forwarder import ForwarderTuning, Subscription
from tickwork.unit.settings.publisher import PublisherTuning
from tickwork.unit.settings.recorder import RecorderTuning
from tickwork.unit.transport import REACH, TOPOLOGIES, Reach, TransportName

SEGMENT_NAME_MAX = 31
NOT_BUILT: tuple[TransportName, ...] = ("grpc", "kafka")

_PIPELINE = "spec.pipeline"
_CONSUMERS = f"{_PIPELINE}.consumers[]"
_TAKEN = (*planner.STAGES, planner.FUSED_UNIT, planner.TWIN_UNIT, planner.RECORDER_UNIT)
# What holds a power of two: the place of its holder, its model and its name.
_POWERS = (
    (f"{_PIPELINE}.publish", PublisherTuning, "ring_slots"),
    (_PIPELINE, specs.PipelineSpec, "pipe_bytes"),
    (f"{_PIPELINE}.record", RecorderTuning, "buffer_bytes"),
)


def arm_of(context: Context) -> planner.Arm:
    """Returns the arm as the planner wants it."""
    name, suffix = (context.arm, f"-{context.arm}") if context.arm else ("main", "")
    return planner.Arm(context.name, name, suffix, context.shared.seed)


# -- room -----------------------------------------------------------------------------------------


def _record_place(_: Context, spec: specs.PipelineSpec) -> Iterator[Breach]:
    if spec.record is not None and (spec.record.file is None) == (spec.record.directory is None):
        yield Breach(("record",))


def _record_file(context: Context, spec: specs.PipelineSpec) -> Iterator[Breach]:
    is_many = bool(context.shared.arms) or context.shared.repeats > 1
    if spec.record is not None and spec.record.file is not None and is_many:
        yield Breach(("record", "file"))


def _powers_of_two(_: Context, spec: specs.PipelineSpec) -> Iterator[Breach]:
    values: list[tuple[document.Path, int]] = [
        (("publish", "ringSlots"), spec.publish.ring_slots),
        (("pipeBytes",), spec.pipe_bytes),
    ]
    if spec.record is not None:
        values.append((("record", "bufferBytes"), spec.record.buffer_bytes))
    for path, value in values:
        if value & (value - 1):
            below = 1 << (value.bit_length() - 1)
            yield Breach(path, f"near {value} are {below} and {2 * below}")


def _cels_of_powers() -> Iterator[Cel]:
    for place, model, name in _POWERS:
        field = model.model_fields[name]
        low, high = (
            next(getattr(each, side) for each in field.metadata if hasattr(each, side))
            for side in ("ge", "le")
        )
        powers = [1 << bit for bit in range(63) if low <= 1 << bit <= high]
        yield Cel(place, f"{written(model, name)} in {powers}", f".{field.alias}")


def _pipe_room(_: Context, spec: specs.PipelineSpec) -> Iterator[Breach]:
    longest = spec.forwarder.frame_bytes_max + planner.HEADER_BYTES
    if longest > spec.pipe_bytes // 4:
        yield Breach(
            ("forwarder", "frameBytesMax"),
            f"{spec.forwarder.frame_bytes_max} B, and a pipe has {spec.pipe_bytes} B",
        )


def _cel_of_pipe_room() -> Cel:
    field = ForwarderTuning.model_fields["frame_bytes_max"]
    default = literal(field.default)
    frame = (
        f"(has(self.forwarder) ? {written(ForwarderTuning, 'frame_bytes_max', 'self.forwarder')} "
        f": {default})"
    )
    room = f"{written(specs.PipelineSpec, 'pipe_bytes')} / 4"
    return Cel(_PIPELINE, f"{frame} + {planner.HEADER_BYTES} <= {room}", ".forwarder.frameBytesMax")


# -- proof ----------------------------------------------------------------------------------------


def _truth(_: Context, spec: specs.PipelineSpec) -> Iterator[Breach]:
    if "truth" in spec.book.proof and spec.venue.twin is None:
        yield Breach(("book", "proof"))


def _ticker(_: Context, spec: specs.PipelineSpec) -> Iterator[Breach]:
    if "ticker" in spec.book.proof and "bookTicker" not in spec.venue.channels:
        yield Breach(("book", "proof"))


def _depth(_: Context, spec: specs.PipelineSpec) -> Iterator[Breach]:
    if "depth" not in spec.venue.channels:
        yield Breach(("venue", "channels"))


def _is_proven(by: str) -> str:
    """Returns the CEL of whether a pipeline's books are proven ``by`` this."""
    default = "true" if by in BookTuning.model_fields["proof"].default else "false"
    proof = "self.book.proof"
    return f"(has(self.book) && has({proof}) ? '{by}' in {proof} : {default})"


def _is_heard(channel: str, venue: str) -> str:
    """Returns the CEL of whether ``venue`` is asked for a channel."""
    default = "true" if channel in Subscription.model_fields["channels"].default else "false"
    return f"(has({venue}.channels) ? '{channel}' in {venue}.channels : {default})"


# -- names ----------------------------------------------------------------------------------------


def _publish_name(context: Context, spec: specs.PipelineSpec) -> Iterator[Breach]:
    name = planner.publish_name(arm_of(context), spec)
    if len(name) > SEGMENT_NAME_MAX:
        yield Breach(("publish", "name"), f"{name} has {len(name)}")


def _cel_of_publish_name() -> Cel:
    """Asked at the root: the name may be the Experiment's own."""
    publish = "self.spec.pipeline.publish"
    name = f"(has({publish}) && has({publish}.name) ? {publish}.name : self.metadata.name)"
    return Cel(
        "",
        "!has(self.spec.pipeline) || (has(self.spec.arms) ? self.spec.arms.all(arm, "
        f"size({name}) + 1 + size(arm.name) <= {SEGMENT_NAME_MAX}) : "
        f"size({name}) <= {SEGMENT_NAME_MAX})",
        ".spec.pipeline.publish.name",
        name,
    )


def _taken(_: Context, spec: specs.PipelineSpec) -> Iterator[Breach]:
    for index, consumer in enumerate(spec.consumers):
        if consumer.name in _TAKEN:
            yield Breach(("consumers", index, "name"), consumer.name)


def _consumer_twice(_: Context, spec: specs.PipelineSpec) -> Iterator[Breach]:
    names = [consumer.name for consumer in spec.consumers]
    for index, name in enumerate(names):
        if name in names[:index]:
            text = f"duplicate value: {name} is the name of another unit"
            yield Breach(("consumers", index, "name"), text)


def _venue_group(_: Context, spec: specs.PipelineSpec) -> Iterator[Breach]:
    for index, consumer in enumerate(spec.consumers):
        if consumer.group == specs.VENUE_GROUP:
            yield Breach(("consumers", index, "group"))


def _unserved(_: Context, spec: specs.PipelineSpec) -> Iterator[Breach]:
    for index, consumer in enumerate(spec.consumers):
        if consumer.transport == "tcp" and spec.publish.tcp is None:
            yield Breach(("consumers", index, "transport"))


def _not_built(_: Context, spec: specs.PipelineSpec) -> Iterator[Breach]:
    for index, consumer in enumerate(spec.consumers):
        if consumer.transport in NOT_BUILT:
            yield Breach(("consumers", index, "transport"), consumer.transport)


def _cpu_units(_: Context, spec: specs.PipelineSpec) -> Iterator[Breach]:
    known = [*planner.unit_names(spec), *(each.name for each in spec.consumers)]
    if spec.venue.twin is not None:
        known.append(planner.TWIN_UNIT)
    if spec.record is not None:
        known.append(planner.RECORDER_UNIT)
    for name in spec.cpus:
        if name not in known:
            yield Breach(("cpus", name), f"{name}; there are {', '.join(known)}")


def _cel_of_cpu_units() -> Cel:
    fused = literal(list(dict.fromkeys(planner.placed("fused").values())))
    split = literal(list(dict.fromkeys(planner.placed("split").values())))
    placement = written(specs.PipelineSpec, "placement")
    known = (
        f"u in ({placement} == 'fused' ? {fused} : {split}) || "
        f"(u == '{planner.TWIN_UNIT}' && has(self.venue.twin)) || "
        f"(u == '{planner.RECORDER_UNIT}' && has(self.record)) || "
        "(has(self.consumers) && self.consumers.exists(each, each.name == u))"
    )
    return Cel(
        _PIPELINE,
        f"!has(self.cpus) || self.cpus.all(u, {known})",
        ".cpus",
        f"self.cpus.filter(u, !({known}))[0]",
    )


# -- reach ----------------------------------------------------------------------------------------


def _breaches_of_wiring(context: Context, spec: specs.PipelineSpec) -> list[wiring.Breach]:
    if next(iter(_publish_name(context, spec)), None) is not None:
        return []
    layout = planner.lay_out(arm_of(context), spec)
    return wiring.breaches(layout.groups, layout.links)


def _reach_rule(transport: TransportName) -> Rule[specs.PipelineSpec]:
    """Returns the rule on consumers over a transport that does not reach all machines."""
    words = f"{transport} reaches {wiring.REACH_WORDS[REACH[transport]]}"
    group = written(specs.Consumer, "group")
    is_near = f"{group} == '{specs.PIPELINE_GROUP}'"
    reaches = is_near if REACH[transport] is Reach.GROUP else "false"
    cel = Cel(_CONSUMERS, f"self.transport != '{transport}' || {reaches}", ".transport")
    return _wiring_rule(words, cel)


def _topology_rule(transport: TransportName) -> Rule[specs.PipelineSpec]:
    """Returns the rule on consumers over a transport that has no broadcast."""
    words = f"{transport} cannot be a broadcast"
    return _wiring_rule(words, Cel(_CONSUMERS, f"self.transport != '{transport}'", ".transport"))


def _wiring_rule(words: str, cel: Cel) -> Rule[specs.PipelineSpec]:
    def breaches(context: Context, spec: specs.PipelineSpec) -> Iterable[Breach]:
        for breach in _breaches_of_wiring(context, spec):
            if words in breach.text:
                yield Breach(overrides.split_path(breach.origin), breach.text)

    return Rule(words, breaches, (cel,))


RULES: tuple[Rule[specs.PipelineSpec], ...] = (
    Rule(
        "one of file and directory says where the recording goes",
        _record_place,
        (Cel(f"{_PIPELINE}.record", "has(self.file) != has(self.directory)"),),
    ),
    Rule(
        "a file holds one Block; give a directory to a run with arms or repeats",
        _record_file,
        (
            Cel(
                "spec",
                "!has(self.pipeline) || !has(self.pipeline.record) || "
                "!has(self.pipeline.record.file) || "
                "(!has(self.arms) && self.?repeats.orValue(1) == 1)",
                ".pipeline.record.file",
            ),
        ),
    ),
    Rule("must be a power of two", _powers_of_two, tuple(_cels_of_powers())),
    Rule(
        "a frame must fit a quarter of a pipe; lower it, or raise pipeBytes",
        _pipe_room,
        (_cel_of_pipe_room(),),
    ),
    Rule(
        "truth is known only of a twin; a real venue is proven by ticker",
        _truth,
        (Cel(_PIPELINE, f"has(self.venue.twin) || !{_is_proven('truth')}", ".book.proof"),),
    ),
    Rule(
        "ticker needs the channel bookTicker",
        _ticker,
        (
            Cel(
                _PIPELINE,
                f"!{_is_proven('ticker')} || {_is_heard('bookTicker', 'self.venue')}",
                ".book.proof",
            ),
        ),
    ),
    Rule(
        "a book needs the channel depth",
        _depth,
        (Cel(f"{_PIPELINE}.venue", _is_heard("depth", "self"), ".channels"),),
    ),
    Rule(
        f"a segment's name, with the arm's, has at most {SEGMENT_NAME_MAX} characters",
        _publish_name,
        (_cel_of_publish_name(),),
    ),
    Rule(
        "is the name of another unit",
        _taken,
        (Cel(_CONSUMERS, f"!(self.name in {literal(list(_TAKEN))})", ".name", "self.name"),),
    ),
    Rule("duplicate value", _consumer_twice, by_schema=True),
    Rule(
        "the venue's machine is its own",
        _venue_group,
        (
            Cel(
                _CONSUMERS,
                f"{written(specs.Consumer, 'group')} != '{specs.VENUE_GROUP}'",
                ".group",
            ),
        ),
    ),
    Rule(
        "nobody serves tcp; add publish.tcp",
        _unserved,
        (
            Cel(
                _PIPELINE,
                "(has(self.publish) && has(self.publish.tcp)) || !has(self.consumers) || "
                "!self.consumers.exists(each, each.transport == 'tcp')",
                ".consumers",
            ),
        ),
    ),
    Rule(
        "is not built yet; what would do: shm, tcp",
        _not_built,
        (
            Cel(
                _CONSUMERS,
                f"!(self.transport in {literal(list(NOT_BUILT))})",
                ".transport",
                "self.transport",
            ),
        ),
    ),
    Rule("there is no such unit", _cpu_units, (_cel_of_cpu_units(),)),
    *(_reach_rule(name) for name, reach in REACH.items() if reach is not Reach.ANYWHERE),
    *(
        _topology_rule(name)
        for name, reach in REACH.items()
        if reach is Reach.ANYWHERE and "broadcast" not in TOPOLOGIES[name]
    ),
)
