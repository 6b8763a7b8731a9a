"""What was lost, and where? Everything that any unit counted, by name."""

from tickwork_analysis import read, results


def answer(run: read.Run) -> results.Losses:
    """Returns the losses over all Blocks; 0 means that it was counted and nothing was lost."""
    forwarders = _counters(run, "forwarder")
    return results.Losses(
        scheduled=_scheduled(run),
        injected=_injected(run),
        frames=forwarders.get("framesDropped", 0) + forwarders.get("restDropped", 0),
        records=_counters(run, "consumer").get("lost", 0),
        unparsed=forwarders.get("unparsed", 0) + _counters(run, "normalizer").get("unparsed", 0),
        tcp_clients_cut=_counters(run, "publisher").get("tcpClientsCut", 0),
        buffers_full=_counters(run, "book").get("overflows", 0),
    )


def _injected(run: read.Run) -> int:
    """Returns how many faults twins injected: what they counted, else what they listed."""
    total = 0
    for block in run.blocks:
        for _, twin in block.of_kind("venue_twin"):
            listed = len(twin.facts.get("faults", []))
            total += twin.counters.get("injectedFaults", listed)
    return total


def _scheduled(run: read.Run) -> int:
    """Returns how many faults the manifest asked of twins in the Blocks that were run."""
    twins = [twin for block in run.blocks for _, twin in block.of_kind("venue_twin")]
    return sum(len(twin.facts.get("faults", [])) for twin in twins)


def _counters(run: read.Run, kind: str) -> dict[str, int]:
    return read.add_counters(
        [component.counters for block in run.blocks for _, component in block.of_kind(kind)]
    )


def counted(run: read.Run) -> dict[str, int]:
    """Returns every counter that is not 0, by ``<component>.<counter>``, over all Blocks."""
    named: dict[str, int] = {}
    for unit in run.units():
        for component in unit.components:
            for name, value in component.counters.items():
                key = f"{component.name}.{name}"
                named[key] = named.get(key, 0) + value
    return {key: value for key, value in sorted(named.items()) if value}
