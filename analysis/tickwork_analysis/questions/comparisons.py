"""Did an arm differ from the first one? Medians per Block, compared in pairs of one repeat."""

from tickwork_analysis import hlog, percentiles, read, results, seconds
from tickwork_analysis.questions import hops


def answer(run: read.Run) -> tuple[results.Comparison, ...]:
    """Returns one row per hop and arm but the first; none in a run with one arm."""
    if len(run.arms) < 2:
        return ()
    arms = run.arms
    medians = {arm: _medians(run, arm) for arm in arms}
    baseline = arms[0]
    return tuple(
        _row(name, arm, baseline, medians[arm].get(name, {}), medians[baseline].get(name, {}))
        for arm in arms[1:]
        for name in hops.ENDS
        if name in medians[arm] and name in medians[baseline]
    )


def _medians(run: read.Run, arm: str) -> dict[str, dict[int, int]]:
    """Returns hop → repeat → median of one arm; a repeat is the arm's how-manieth Block."""
    found: dict[str, dict[int, int]] = {}
    blocks = [block for block in run.blocks if block.arm == arm]
    for repeat, block in enumerate(blocks):
        for name in hops.ENDS:
            merged = hlog.merge(seconds.of_hop(hops.units_of(run, block, ""), name))
            median = percentiles.value_at(merged, 0.5)
            if median is not None:
                found.setdefault(name, {})[repeat] = median
    return found


def _row(
    hop: str, arm: str, baseline: str, ours: dict[int, int], theirs: dict[int, int]
) -> results.Comparison:
    deltas = [ours[repeat] - theirs[repeat] for repeat in sorted(ours.keys() & theirs.keys())]
    interval = percentiles.interval_of_paired(deltas)
    return results.Comparison(
        hop=hop,
        arm=arm,
        baseline=baseline,
        pairs=len(deltas),
        p50_delta_ns=percentiles.nearest(deltas, 0.5),
        p50_delta_low_ns=interval.low if interval else None,
        p50_delta_high_ns=interval.high if interval else None,
    )
