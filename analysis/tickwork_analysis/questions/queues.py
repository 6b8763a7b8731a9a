"""How full did each link get? Of TCP's readers the one whose queue got fullest counts."""

from tickwork_analysis import read, results


def answer(run: read.Run) -> tuple[results.Queue, ...]:
    """Returns one row per link that has a capacity: its highest level over all Blocks."""
    water: dict[str, int] = {}
    capacity: dict[str, int] = {}
    for unit in run.units():
        for end, counters in unit.links.items():
            link = end.rpartition(".")[0]
            if counters.get("capacity", 0) > 0:
                water[link] = max(water.get(link, 0), counters.get("highWater", 0))
                capacity[link] = counters["capacity"]
        for component in unit.components:
            if component.counters.get("tcpCapacity", 0) > 0:
                link = f"{component.name}.tcp"
                seen = component.counters.get("tcpHighWater", 0)
                water[link] = max(water.get(link, 0), seen)
                capacity[link] = component.counters["tcpCapacity"]
    return tuple(
        results.Queue(link=link, high_water=water[link], capacity=capacity[link])
        for link in sorted(water)
    )
