"""What a run says while it runs: one line a second, from the Conductor's events."""

from collections.abc import Callable, Mapping

from tickwork.conductor import events
from tickwork_cli import units_of_measure

LINE_EVERY_NS = 900_000_000
"""Events come more often than once a second and never to the nanosecond."""

Say = Callable[[str], None]
Counters = Mapping[str, Mapping[str, int]]


class Progress:
    """Turns events into lines and hands each to ``say``; keeps the second before for rates."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._before: dict[str, int] = {}
        self._before_ns = 0

    def report(self, event: events.Event) -> None:
        """Takes one event, in the order of happening."""
        if isinstance(event, events.Progressed):
            if event.elapsed_ns - self._before_ns >= LINE_EVERY_NS:
                self._say(self._line(event))
            return
        line = describe(event)
        if line:
            self._say(line)
        if isinstance(event, events.BlockStarted):
            self._before, self._before_ns = {}, 0

    def _line(self, event: events.Progressed) -> str:
        now = totals(event.counters)
        span_s = max(1e-9, (event.elapsed_ns - self._before_ns) / 1e9)
        rates = {name: (value - self._before.get(name, 0)) / span_s for name, value in now.items()}
        self._before, self._before_ns = now, event.elapsed_ns
        at = f"{event.elapsed_ns / 1e9:5.1f} / {event.duration_ns / 1e9:g} s"
        return f"  {at}  {'  '.join(_cells(now, rates))}"


def describe(event: events.Event) -> str:
    """Returns the line of an event that happens once; empty for what nobody needs to read."""
    match event:
        case events.AllReady():
            return f"{event.units} units ready after {event.elapsed_ns / 1e9:.1f} s"
        case events.BlockStarted():
            of = f" ({event.index + 1} of {event.blocks})" if event.blocks > 1 else ""
            return f"block {event.label}{of}: {event.duration_ns / 1e9:g} s"
        case events.BlockStopped() if event.undrained:
            return f"block {event.label} stopped; {event.undrained:,} records were not drained"
        case events.Holding():
            return f"held for at most {event.seconds_max:g} s, until every unit is scraped"
        case events.UnitRestarted():
            return f"unit {event.unit} was started again (incarnation {event.incarnation})"
        case events.UnitFailed():
            return f"unit {event.unit} failed: {event.text} {event.remedy}".rstrip()
        case events.Interrupted():
            return "interrupted: stopping in the order of the flow; once more ends at once"
        case _:
            return ""


def totals(counters: Counters) -> dict[str, int]:
    """Returns the sum over all units by ``<component>.<counter>``; of medians, the smallest."""
    summed: dict[str, int] = {}
    for named in counters.values():
        for name, value in named.items():
            if name not in summed:
                summed[name] = value
            elif name.startswith("hops."):
                summed[name] = min(summed[name], value)
            else:
                summed[name] += value
    return summed


def _cells(now: Mapping[str, int], rates: Mapping[str, float]) -> list[str]:
    """Returns the facts that are known this second, in the order of the flow."""
    cells = [f"{rates.get('forwarder.frames', 0.0):7,.0f} frames/s"]
    if "book.updates" in now:
        cells.append(f"{rates['book.updates']:7,.0f} updates/s")
    if now.get("book.instruments"):
        share = rates.get("book.liveNs", 0.0) / 1e9 / now["book.instruments"]
        cells.append(f"LIVE {min(1.0, share):.0%}")
    if "book.gaps" in now:
        opened = now.get("book.openGaps", 0)
        cells.append(f"gaps {now['book.gaps']}" + (f" ({opened} open)" if opened else ""))
    if "hops.endToEndP50Ns" in now:
        cells.append(f"end to end {units_of_measure.in_time(now['hops.endToEndP50Ns'])}")
    dropped = now.get("forwarder.dropped", 0)
    if dropped:
        cells.append(f"dropped {dropped:,}")
    return cells
