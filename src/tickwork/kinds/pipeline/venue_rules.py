"""The rules on what is read of a venue, and on the twin that plays it."""

import re
from collections.abc import Iterator

from tickwork.kinds.pipeline import spec as specs
from tickwork.manifest.rule import Breach, Cel, Context, Rule, written
from tickwork.unit.settings.venue_twin import Fault, Mix

# A book needs this long after the last fault to be proven LIVE again.
QUIET_SECONDS = 3.0
SYMBOL = r"^[!-`{-~]{1,48}$"
# Faults that last; the others are over at once.
LASTING = ("delay", "rateLimit", "slowSnapshot", "stall")

_VENUE = "spec.pipeline.venue"
_TWIN = f"{_VENUE}.twin"
_ENDPOINT = f"{_VENUE}.endpoint"
_SCHEMES = {"websocket": ("ws://", "wss://"), "rest": ("http://", "https://")}


def _faults(spec: specs.PipelineSpec) -> tuple[Fault, ...]:
    return spec.venue.twin.faults if spec.venue.twin else ()


def _symbols(_: Context, spec: specs.PipelineSpec) -> Iterator[Breach]:
    for index, instrument in enumerate(spec.venue.instruments):
        if not re.fullmatch(SYMBOL, instrument):
            yield Breach(("venue", "instruments", index), repr(instrument))


def _instrument_twice(_: Context, spec: specs.PipelineSpec) -> Iterator[Breach]:
    seen: set[str] = set()
    for index, instrument in enumerate(spec.venue.instruments):
        if instrument in seen:
            text = f"duplicate value: {instrument}; the index is the instrument's id"
            yield Breach(("venue", "instruments", index), text)
        seen.add(instrument)


def _addresses_beside_twin(_: Context, spec: specs.PipelineSpec) -> Iterator[Breach]:
    endpoint = spec.venue.endpoint
    if endpoint is not None and spec.venue.twin is not None:
        for name, url in (("websocket", endpoint.websocket), ("rest", endpoint.rest)):
            if url is not None:
                yield Breach(("venue", "endpoint", name))


def _one_address(_: Context, spec: specs.PipelineSpec) -> Iterator[Breach]:
    endpoint = spec.venue.endpoint
    if endpoint is not None and (endpoint.websocket is None) != (endpoint.rest is None):
        missing = "rest" if endpoint.rest is None else "websocket"
        yield Breach(("venue", "endpoint"), f"{missing} is missing")


def _scheme_rule(name: str) -> Rule[specs.PipelineSpec]:
    """Returns the rule on the scheme of one of the addresses."""
    schemes = _SCHEMES[name]

    def breaches(_: Context, spec: specs.PipelineSpec) -> Iterator[Breach]:
        url = getattr(spec.venue.endpoint, name, None)
        if url is not None and "://" in url and not url.startswith(schemes):
            yield Breach(("venue", "endpoint", name), url)

    begins = " || ".join(f"self.{name}.startsWith('{each}')" for each in schemes)
    rule = f"!has(self.{name}) || !self.{name}.contains('://') || {begins}"
    cel = Cel(_ENDPOINT, rule, f".{name}", f"self.{name}")
    return Rule(f"must begin with {' or '.join(schemes)}", breaches, (cel,))


def _fault_instruments(_: Context, spec: specs.PipelineSpec) -> Iterator[Breach]:
    known = spec.venue.instruments
    for index, fault in enumerate(_faults(spec)):
        if fault.instrument is not None and fault.instrument not in known:
            yield Breach(
                ("venue", "twin", "faults", index, "instrument"),
                f"{fault.instrument}; there are {', '.join(known[:8])}"
                f"{', …' if len(known) > 8 else ''}",
            )


def _fault_windows(context: Context, spec: specs.PipelineSpec) -> Iterator[Breach]:
    duration = context.shared.duration_seconds
    for index, fault in enumerate(_faults(spec)):
        if duration is None:
            continue
        ends = fault.at_seconds + (fault.duration_ms / 1000 if fault.kind in LASTING else 0.0)
        latest = duration - QUIET_SECONDS
        if ends > latest:
            yield Breach(
                ("venue", "twin", "faults", index, "atSeconds"),
                f"this one ends at {ends:g} s, the block at {duration:g} s; it must end by "
                f"{max(latest, 0):g} s",
            )


def _cel_of_fault_windows() -> Cel:
    faults = "self.pipeline.venue.twin.faults"
    lasts = f"double({written(Fault, 'duration_ms', 'f')}) / 1000.0"
    lasting = ", ".join(f"'{kind}'" for kind in LASTING)
    ends = f"f.atSeconds + (f.kind in [{lasting}] ? {lasts} : 0.0)"
    late = f"{ends} > self.durationSeconds - {QUIET_SECONDS}"
    return Cel(
        "spec",
        "!has(self.durationSeconds) || !has(self.pipeline) || !has(self.pipeline.venue.twin) || "
        f"!has({faults}) || !{faults}.exists(f, {late})",
        ".pipeline.venue.twin.faults",
    )


def _mix(_: Context, spec: specs.PipelineSpec) -> Iterator[Breach]:
    if spec.venue.twin is not None:
        mix = spec.venue.twin.engine.mix
        total = mix.depth + mix.book_ticker + mix.trade
        if abs(total - 1.0) > 1e-9:
            yield Breach(("venue", "twin", "engine", "mix"), f"{total:g}, not 1")


def _cel_of_mix() -> Cel:
    total = " + ".join(written(Mix, name) for name in Mix.model_fields)
    return Cel(
        f"{_TWIN}.engine.mix",
        f"{total} < 1.0 + 1e-9 && {total} > 1.0 - 1e-9",
    )


def _replay(_: Context, spec: specs.PipelineSpec) -> Iterator[Breach]:
    twin = spec.venue.twin
    if twin is not None and twin.replay is not None and twin.faults:
        yield Breach(("venue", "twin", "faults"))


def _twin_tls(_: Context, spec: specs.PipelineSpec) -> Iterator[Breach]:
    twin = spec.venue.twin
    if twin is not None and (twin.tls_certificate_file is None) != (twin.tls_key_file is None):
        missing = "tlsKeyFile" if twin.tls_key_file is None else "tlsCertificateFile"
        yield Breach(("venue", "twin"), f"{missing} is missing")


RULES: tuple[Rule[specs.PipelineSpec], ...] = (
    Rule(
        "is no symbol: 1 to 48 capital letters and digits",
        _symbols,
        (Cel(f"{_VENUE}.instruments[]", f"self.matches('{SYMBOL}')", detail="self"),),
    ),
    Rule("duplicate value", _instrument_twice, by_schema=True),
    Rule(
        "the twin is the endpoint; leave out either twin or this address",
        _addresses_beside_twin,
        tuple(
            Cel(
                _VENUE,
                f"!has(self.twin) || !has(self.endpoint) || !has(self.endpoint.{name})",
                f".endpoint.{name}",
            )
            for name in _SCHEMES
        ),
    ),
    Rule(
        "websocket and rest: both addresses or neither",
        _one_address,
        (Cel(_ENDPOINT, "has(self.websocket) == has(self.rest)"),),
    ),
    _scheme_rule("websocket"),
    _scheme_rule("rest"),
    Rule(
        "unknown instrument, which this venue is not asked for",
        _fault_instruments,
        (
            Cel(
                _VENUE,
                "!has(self.twin) || !has(self.twin.faults) || self.twin.faults.all(f, "
                "!has(f.instrument) || f.instrument in self.instruments)",
                ".twin.faults",
            ),
        ),
    ),
    Rule(
        f"a fault must end {QUIET_SECONDS:g} s before its block does: a book needs "
        f"{QUIET_SECONDS:g} s to be proven again",
        _fault_windows,
        (_cel_of_fault_windows(),),
    ),
    Rule("the shares must sum to 1", _mix, (_cel_of_mix(),)),
    Rule(
        "a recording is played as it is; leave out either the faults or replay",
        _replay,
        (
            Cel(
                _TWIN,
                "!has(self.replay) || !has(self.faults) || size(self.faults) == 0",
                ".faults",
            ),
        ),
    ),
    Rule(
        "TLS needs both tlsCertificateFile and tlsKeyFile",
        _twin_tls,
        (Cel(_TWIN, "has(self.tlsCertificateFile) == has(self.tlsKeyFile)"),),
    ),
)
