"""How long did each hop take? One row an arm and hop, over all measured seconds.

A hop includes the wait in front of it and is recorded by the stage that ends it. Histograms of one
hop from several units (two consumers) are merged second by second.
"""

import collections

from tickwork_analysis import hlog, percentiles, read, results

ENDS: dict[str, tuple[str, str]] = {
    "receive": ("forwarder", "normalizer"),
    "parse": ("forwarder", "normalizer"),
    "book": ("normalizer", "book"),
    "publish": ("book", "publisher"),
    "read": ("publisher", "consumer"),
    "endToEnd": ("forwarder", "consumer"),
}
"""Hop → the components whose clocks took its two stamps, in the order of flow."""


def answer(run: read.Run) -> tuple[results.Hop, ...]:
    """Returns every hop that was recorded, by arm and in the order of flow."""
    rows = []
    for arm in run.arms:
        blocks = [block for block in run.blocks if block.arm == arm]
        for name in ENDS:
            seconds = [seconds_of(list(block.units), name) for block in blocks]
            if any(seconds):
                rows.append(_row(arm, name, seconds, blocks))
    return tuple(rows)


def seconds_of(units: list[read.UnitBlock], name: str) -> list[hlog.Distribution]:
    """Returns what ``units`` recorded of the hop ``name`` in one Block, per second in order.

    A second in which every unit wrote an empty interval stays, as an empty distribution.
    """
    seconds: dict[int, list[hlog.Distribution]] = collections.defaultdict(list)
    for unit in units:
        for interval in unit.intervals:
            if interval.tag == name:
                seconds[round(interval.start_unix_s)].append(interval.distribution)
    return [hlog.merge(seconds[second]) for second in sorted(seconds)]


def _row(
    arm: str, name: str, seconds: list[list[hlog.Distribution]], blocks: list[read.Block]
) -> results.Hop:
    merged = hlog.merge([second for block in seconds for second in block])
    interval = percentiles.interval_within(seconds, 0.5)
    return results.Hop(
        arm=arm,
        name=name,
        n=merged.count,
        p50_ns=percentiles.value_at(merged, 0.5),
        p50_low_ns=interval.low if interval else None,
        p50_high_ns=interval.high if interval else None,
        p90_ns=percentiles.value_at(merged, 0.9),
        p99_ns=percentiles.value_at(merged, 0.99),
        p999_ns=percentiles.value_at(merged, 0.999),
        max_ns=percentiles.value_at(merged, 1.0),
        clock_bound_ns=_clock_bound(name, blocks),
        negative=_negative(name, blocks),
    )


def _clock_bound(name: str, blocks: list[read.Block]) -> int | None:
    """Returns the sum of the bounds of both stamps; None where a unit did not say its own."""
    bounds = []
    for kind in ENDS[name]:
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
        state.get("histograms", {}).get(name, {}).get("negative", 0)
        for block in blocks
        for unit in block.units
        for state in unit.states
    )
