"""The rules across the fields of a pipeline; each breach is a mistake with its place."""

from collections.abc import Callable, Iterator

from tickwork.kinds.pipeline import planner
from tickwork.kinds.pipeline import spec as specs
from tickwork.manifest import document, overrides
from tickwork.manifest.kind import Context, Finding
from tickwork.plan import wiring
from tickwork.unit.settings.venue_twin import Fault

# A book needs this long after the last fault to be proven LIVE again.
QUIET_SECONDS = 3.0
SEGMENT_NAME_MAX = 31
# An id has 16 bits, and the last one names all instruments.
INSTRUMENTS_MAX = 65_534
# The kernel's own masks of cores end here.
CPU_LAST = 8191
# Faults that last; the others are over at once.
_LASTING = frozenset({"delay", "stall", "slowSnapshot", "rateLimit"})
_BUILT = ("shm", "tcp")

Rule = Callable[[Context, specs.PipelineSpec], Iterator[Finding]]


def check(context: Context, spec: specs.PipelineSpec) -> list[Finding]:
    """Returns every breach of the rules of a pipeline."""
    return [finding for rule in RULES for finding in rule(context, spec)]


def arm_of(context: Context) -> planner.Arm:
    """Returns the arm as the planner wants it."""
    name, suffix = (context.arm, f"-{context.arm}") if context.arm else ("main", "")
    return planner.Arm(context.name, name, suffix, context.shared.seed)


def _faults(spec: specs.PipelineSpec) -> tuple[Fault, ...]:
    return spec.venue.twin.faults if spec.venue.twin else ()


def _fault_windows(context: Context, spec: specs.PipelineSpec) -> Iterator[Finding]:
    duration = context.shared.duration_seconds
    for index, fault in enumerate(_faults(spec)):
        if duration is None:
            continue
        lasts = fault.duration_ms / 1000 if fault.kind in _LASTING else 0.0
        latest = duration - QUIET_SECONDS
        if fault.at_seconds + lasts > latest:
            yield Finding(
                ("venue", "twin", "faults", index, "atSeconds"),
                f"the fault ends at {fault.at_seconds + lasts:g} s, after its window: the block "
                f"ends at {duration:g} s, and a book needs {QUIET_SECONDS:g} s to be proven again; "
                f"it must end by {max(latest, 0):g} s",
            )


def _fault_instruments(_: Context, spec: specs.PipelineSpec) -> Iterator[Finding]:
    known = spec.venue.instruments
    for index, fault in enumerate(_faults(spec)):
        if fault.instrument is not None and fault.instrument not in known:
            yield Finding(
                ("venue", "twin", "faults", index, "instrument"),
                f"unknown instrument {fault.instrument}; this venue is asked for "
                f"{', '.join(known[:8])}{', …' if len(known) > 8 else ''}",
            )


def _twin_mix(_: Context, spec: specs.PipelineSpec) -> Iterator[Finding]:
    if spec.venue.twin is not None:
        mix = spec.venue.twin.engine.mix
        total = mix.depth + mix.book_ticker + mix.trade
        if abs(total - 1.0) > 1e-9:
            yield Finding(
                ("venue", "twin", "engine", "mix"), f"the shares sum to {total:g}, not to 1"
            )


def _replay(_: Context, spec: specs.PipelineSpec) -> Iterator[Finding]:
    twin = spec.venue.twin
    if twin is not None and twin.replay is not None and twin.faults:
        text = "a recording is played as it is; leave out either the faults or replay"
        yield Finding(("venue", "twin", "faults"), text)


def _record(context: Context, spec: specs.PipelineSpec) -> Iterator[Finding]:
    record = spec.record
    if record is None:
        return
    if (record.file is None) == (record.directory is None):
        yield Finding(("record",), "one of file and directory says where the recording goes")
    if record.file is not None and (context.arm is not None or context.shared.repeats > 1):
        text = "a file holds one Block; give a directory to a run with arms or repeats"
        yield Finding(("record", "file"), text)


def _twin_tls(_: Context, spec: specs.PipelineSpec) -> Iterator[Finding]:
    twin = spec.venue.twin
    if twin is None or (twin.tls_certificate_file is None) == (twin.tls_key_file is None):
        return
    missing = "tlsKeyFile" if twin.tls_key_file is None else "tlsCertificateFile"
    yield Finding(("venue", "twin"), f"{missing} is missing: TLS needs a certificate and its key")


def _instruments(_: Context, spec: specs.PipelineSpec) -> Iterator[Finding]:
    seen: set[str] = set()
    if len(spec.venue.instruments) > INSTRUMENTS_MAX:
        text = f"{len(spec.venue.instruments)} instruments; a record's id counts {INSTRUMENTS_MAX}"
        yield Finding(("venue", "instruments"), text)
    for index, instrument in enumerate(spec.venue.instruments):
        path = ("venue", "instruments", index)
        if instrument in seen:
            yield Finding(path, f"{instrument} is there twice; the index is the instrument's id")
        if (
            not instrument.isascii()
            or not 0 < len(instrument) <= 48
            or instrument != (instrument.upper().strip())
        ):
            yield Finding(path, f"{instrument!r} is no symbol: 1 to 48 capital letters and digits")
        seen.add(instrument)


def _endpoint(_: Context, spec: specs.PipelineSpec) -> Iterator[Finding]:
    endpoint, twin = spec.venue.endpoint, spec.venue.twin
    if endpoint is None:
        return
    for name, url in (("websocket", endpoint.websocket), ("rest", endpoint.rest)):
        if url is None:
            continue
        path = ("venue", "endpoint", name)
        schemes = ("ws", "wss") if name == "websocket" else ("http", "https")
        if twin is not None:
            yield Finding(path, "the twin is the endpoint; leave out either twin or this address")
        elif "://" in url and url.split("://", maxsplit=1)[0] not in schemes:
            yield Finding(path, f"{url} must begin with {' or '.join(s + '://' for s in schemes)}")
    if (endpoint.websocket is None) != (endpoint.rest is None):
        missing = "rest" if endpoint.rest is None else "websocket"
        yield Finding(("venue", "endpoint"), f"{missing} is missing: both addresses or neither")


def _powers_of_two(_: Context, spec: specs.PipelineSpec) -> Iterator[Finding]:
    values: list[tuple[document.Path, int]] = [
        (("publish", "ringSlots"), spec.publish.ring_slots),
        (("pipeBytes",), spec.pipe_bytes),
    ]
    if spec.record is not None:
        values.append((("record", "bufferBytes"), spec.record.buffer_bytes))
    for path, value in values:
        if value & (value - 1):
            below = 1 << (value.bit_length() - 1)
            yield Finding(path, f"must be a power of two; near {value} are {below} and {2 * below}")


def _pipe_room(_: Context, spec: specs.PipelineSpec) -> Iterator[Finding]:
    longest = spec.forwarder.frame_bytes_max + 64
    if longest > spec.pipe_bytes // 4:
        yield Finding(
            ("forwarder", "frameBytesMax"),
            f"a frame of {spec.forwarder.frame_bytes_max} B does not fit a quarter of a pipe of "
            f"{spec.pipe_bytes} B; lower it, or raise pipeBytes",
        )


def _proof(_: Context, spec: specs.PipelineSpec) -> Iterator[Finding]:
    if "truth" in spec.book.proof and spec.venue.twin is None:
        yield Finding(
            ("book", "proof"), "truth is known only of a twin; a real venue is proven by ticker"
        )
    if "ticker" in spec.book.proof and "bookTicker" not in spec.venue.channels:
        yield Finding(("book", "proof"), "ticker needs the channel bookTicker")
    if "depth" not in spec.venue.channels:
        yield Finding(("venue", "channels"), "a book needs the channel depth")


def _publish_name(context: Context, spec: specs.PipelineSpec) -> Iterator[Finding]:
    name = planner.publish_name(arm_of(context), spec)
    if len(name) > SEGMENT_NAME_MAX:
        yield Finding(
            ("publish", "name"),
            f"{name} (with the arm's name) has {len(name)} characters; a segment's name has "
            f"at most {SEGMENT_NAME_MAX}",
        )


def _consumers(_: Context, spec: specs.PipelineSpec) -> Iterator[Finding]:
    taken = {*planner.STAGES, planner.FUSED_UNIT, planner.TWIN_UNIT, planner.RECORDER_UNIT}
    for index, consumer in enumerate(spec.consumers):
        path = ("consumers", index)
        if consumer.name in taken:
            yield Finding((*path, "name"), f"{consumer.name} is the name of another unit")
        taken.add(consumer.name)
        if consumer.group == specs.VENUE_GROUP:
            yield Finding((*path, "group"), "the venue's machine is its own")
        if consumer.transport == "tcp" and spec.publish.tcp is None:
            yield Finding((*path, "transport"), "nobody serves tcp; add publish.tcp")
        if consumer.transport in ("grpc", "kafka"):
            text = f"{consumer.transport} is not built yet; what would do: {', '.join(_BUILT)}"
            yield Finding((*path, "transport"), text)


def _cpus(_: Context, spec: specs.PipelineSpec) -> Iterator[Finding]:
    known = [*planner.unit_names(spec), *(each.name for each in spec.consumers)]
    if spec.venue.twin is not None:
        known.append(planner.TWIN_UNIT)
    if spec.record is not None:
        known.append(planner.RECORDER_UNIT)
    for name, cpus in spec.cpus.items():
        if name not in known:
            yield Finding(("cpus", name), f"there is no unit {name}; there are {', '.join(known)}")
        if any(not 0 <= cpu <= CPU_LAST for cpu in cpus):
            yield Finding(("cpus", name), f"cores are counted from 0 to {CPU_LAST}")


def _wiring(context: Context, spec: specs.PipelineSpec) -> Iterator[Finding]:
    if next(_publish_name(context, spec), None) is not None:
        return
    layout = planner.lay_out(arm_of(context), spec)
    for breach in wiring.breaches(layout.groups, layout.links):
        yield Finding(overrides.split_path(breach.origin), breach.text)


RULES: tuple[Rule, ...] = (
    _instruments,
    _endpoint,
    _fault_instruments,
    _fault_windows,
    _twin_mix,
    _replay,
    _record,
    _twin_tls,
    _powers_of_two,
    _pipe_room,
    _proof,
    _publish_name,
    _consumers,
    _cpus,
    _wiring,
)
