"""What did each consumer get, and how old was it?"""

from tickwork_analysis import hlog, percentiles, read, results, seconds


def answer(run: read.Run) -> tuple[results.Consumer, ...]:
    """Returns one row per arm and consumer; the percentiles are publish to read."""
    rows = []
    for arm in run.arms:
        pairs = [
            pair for block in run.blocks if block.arm == arm for pair in block.of_kind("consumer")
        ]
        for name in dict.fromkeys(component.name for _, component in pairs):
            own = [pair for pair in pairs if pair[1].name == name]
            rows.append(_row(run, arm, own))
    return tuple(rows)


def _row(
    run: read.Run, arm: str, pairs: list[tuple[read.UnitBlock, read.Component]]
) -> results.Consumer:
    counters = read.add_counters([component.counters for _, component in pairs])
    merged = hlog.merge([each for unit, _ in pairs for each in seconds.of_hop([unit], "read")])
    unit, component = pairs[0]
    return results.Consumer(
        arm=arm,
        name=component.name,
        transport=transport_of(run, unit, component),
        received=counters.get("received", 0),
        lost=counters.get("lost", 0),
        laps=counters.get("laps", 0),
        p50_ns=percentiles.value_at(merged, 0.5),
        p99_ns=percentiles.value_at(merged, 0.99),
    )


def transport_of(run: read.Run, unit: read.UnitBlock, component: read.Component) -> str:
    """Returns what a consumer's inlet is made of, as its unit.json says."""
    for spec in run.specs.get(f"{unit.group}/{unit.name}", {}).get("components", []):
        if spec["name"] == component.name:
            for inlet in spec.get("inlets", []):
                return str(inlet["transport"])
    return "unknown"
