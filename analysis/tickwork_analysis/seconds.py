"""What units recorded of one hop, second by second."""

import collections

from tickwork_analysis import hlog, read


def of_hop(units: list[read.UnitBlock], name: str) -> list[hlog.Distribution]:
    """Returns what ``units`` recorded of the hop ``name`` in one Block, per second in order.

    A second in which every unit wrote an empty interval stays, as an empty distribution.
    """
    return list(by_second(units, name).values())


def by_second(units: list[read.UnitBlock], name: str) -> dict[int, hlog.Distribution]:
    """Returns the same by the Unix second that is nearest to where an interval began."""
    found: dict[int, list[hlog.Distribution]] = collections.defaultdict(list)
    for unit in units:
        for interval in unit.intervals:
            if interval.tag == name:
                found[round(interval.start_unix_s)].append(interval.distribution)
    return {second: hlog.merge(found[second]) for second in sorted(found)}


def lengths(units: list[read.UnitBlock], name: str) -> dict[int, float]:
    """Returns how many seconds were recorded in each second of ``by_second``: 1 but for stalls."""
    found: dict[int, float] = {}
    for unit in units:
        own: dict[int, float] = collections.defaultdict(float)
        for interval in unit.intervals:
            if interval.tag == name:
                own[round(interval.start_unix_s)] += interval.length_s
        found = {second: max(own[second], found.get(second, 0.0)) for second in {*own, *found}}
    return found
