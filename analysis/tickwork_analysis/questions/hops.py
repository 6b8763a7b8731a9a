"""How long did each hop take? One row an arm and hop, over all measured seconds.

A hop includes the wait in front of it and is recorded by the stage that ends it. Histograms of one
hop from several units are merged second by second, but never over transports: the hops of the
first consumer's transport have the plain names, those of another bear it (``read.tcp``).
"""

from tickwork_analysis import hlog, percentiles, read, results, seconds
from tickwork_analysis.questions import consumers

ENDS: dict[str, tuple[str, str]] = {
    "receive": ("forwarder", "normalizer"),
    "parse": ("forwarder", "normalizer"),
    "book": ("normalizer", "book"),
    "publish": ("book", "publisher"),
    "read": ("publisher", "consumer"),
    "endToEnd": ("forwarder", "consumer"),
}
"""Hop → the components whose clocks took its two stamps, in the order of flow."""

QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}
"""The percentiles that are told, by the key of the results."""


def answer(run: read.Run) -> tuple[results.Hop, ...]:
    """Returns every hop that was recorded, by arm and in the order of flow."""
    rows = []
    for arm in run.arms:
        blocks = [block for block in run.blocks if block.arm == arm]
        for transport in transports(run, blocks):
            for name in ENDS:
                seen = [seconds.of_hop(units_of(run, block, transport), name) for block in blocks]
                if any(seen):
                    shown = f"{name}.{transport}" if transport else name
                    rows.append(_row(arm, shown, seen, blocks))
    return tuple(rows)


def transports(run: read.Run, blocks: list[read.Block]) -> list[str]:
    """Returns "" for the plain names, then the further transports that consumers read."""
    found = [
        consumers.transport_of(run, *pair) for block in blocks for pair in block.of_kind("consumer")
    ]
    return ["", *list(dict.fromkeys(found))[1:]]


def units_of(run: read.Run, block: read.Block, transport: str) -> list[read.UnitBlock]:
    """Returns the units whose hops belong to ``transport``; "" is the first one and no consumer."""
    pairs = block.of_kind("consumer")
    by_unit = {unit.name: consumers.transport_of(run, unit, each) for unit, each in pairs}
    wanted = transport or next(iter(by_unit.values()), "")
    reading = [unit for unit in block.units if by_unit.get(unit.name) == wanted]
    return reading if transport else [u for u in block.units if u.name not in by_unit] + reading


def _row(
    arm: str, name: str, seen: list[list[hlog.Distribution]], blocks: list[read.Block]
) -> results.Hop:
    merged = hlog.merge([second for block in seen for second in block])
    intervals = percentiles.intervals_within(seen, list(QUANTILES.values()))
    bounds: dict[str, int] = {}
    for key, each in zip(QUANTILES, intervals, strict=True):
        if each is not None:
            bounds |= {f"{key}_low_ns": each.low, f"{key}_high_ns": each.high}
    return results.Hop(
        arm=arm,
        name=name,
        n=merged.count,
        **{f"{key}_ns": percentiles.value_at(merged, at) for key, at in QUANTILES.items()},
        **bounds,
        max_ns=percentiles.value_at(merged, 1.0),
        clock_bound_ns=_clock_bound(name, blocks),
        negative=_negative(name, blocks),
    )


def _clock_bound(name: str, blocks: list[read.Block]) -> int | None:
    """Returns the sum of the bounds of both stamps; None where a unit did not say its own."""
    bounds = []
    for kind in ENDS[name.partition(".")[0]]:
        said: list[int | None] = [
            unit.last.get("host", {}).get("fastClockBoundNs")
            for block in blocks
            for unit, _ in block.of_kind(kind)
        ]
        known = [bound for bound in said if bound is not None]
        if not known or len(known) < len(said):
            return None
        bounds.append(max(known))
    return sum(bounds)


def _negative(name: str, blocks: list[read.Block]) -> int:
    """Returns how many recorded values were negative: clock error, kept apart, never clipped."""
    return sum(
        state.get("histograms", {}).get(name.partition(".")[0], {}).get("negative", 0)
        for block in blocks
        for unit in block.units
        for state in unit.states
    )
