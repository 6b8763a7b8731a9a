"""How far a run is, as ``status.progress`` says it: from the Conductor's events alone."""

from collections.abc import Callable
from typing import Any

from tickwork.conductor import events
from tickwork.plan import plan as plans
from tickwork_cli import progress

MESSAGE_CHARACTERS_MAX = 300


class Standing:
    """Turns events into ``{percent, block, blocks, phase, message}`` and hands each to ``tell``.

    From the first block on there is ``startUnixNs`` too, the instant at which that was to start.
    Phases: Waiting (for units), Running, Collecting, Analysing, Ended.
    """

    def __init__(self, plan: plans.Plan, tell: Callable[[dict[str, Any]], None]) -> None:
        self._durations_ns = [block.duration_ns for block in plan.blocks]
        self._tell = tell
        self._block = 0
        self._start: dict[str, int] = {}
        self._said: dict[str, Any] = {}
        self.say("Waiting", 0, f"waiting for {len(plan.unit_paths())} units")

    def report(self, event: events.Event) -> None:
        """Takes one event, in the order of happening."""
        match event:
            case events.BlockStarted():
                self._block = event.index + 1
                self._start = self._start or {"startUnixNs": event.start_unix_ns}
                self.say("Running", 0, f"block {event.label}")
            case events.Progressed():
                at = f"{event.elapsed_ns / 1e9:.0f} of {event.duration_ns / 1e9:g} s"
                self.say("Running", event.elapsed_ns, f"block {event.label}, {at}")
            case events.BlockStopped():
                self.say(
                    "Collecting", self._durations_ns[self._block - 1], progress.describe(event)
                )
            case _:
                line = progress.describe(event)
                if line:
                    self.say(self._said["phase"], None, line)

    def say(self, phase: str, elapsed_ns: int | None, message: str) -> None:
        """Tells one standing; ``elapsed_ns`` counts in the present block, None leaves percent."""
        percent = self._said.get("percent", 0)
        if elapsed_ns is not None:
            percent = self._percent(elapsed_ns)
        self._said = {
            "percent": percent,
            "block": self._block,
            "blocks": len(self._durations_ns),
            "phase": phase,
            "message": message.strip()[:MESSAGE_CHARACTERS_MAX],
            **self._start,
        }
        self._tell(self._said)

    def _percent(self, elapsed_ns: int) -> int:
        before_ns = sum(self._durations_ns[: max(0, self._block - 1)])
        return min(100, 100 * (before_ns + elapsed_ns) // max(1, sum(self._durations_ns)))
