"""What the forwarder counted, in the names that a run's files use."""

from collections.abc import Mapping, Sequence
from typing import Any

from tickwork_services.components.forwarder import connection, line, loop, rest, stamps

NAMES = "abcd"


class Tally:
    """All counts of one forwarder, over all Blocks; single writers, read from any thread."""

    def __init__(self, lines: int) -> None:
        self.names = tuple(NAMES[:lines])
        self.connections = [connection.Counts() for _ in self.names]
        self.line_counts = [line.Counts() for _ in self.names]
        self.rest = rest.Counts()
        self.stamps = stamps.StampMap()
        self.turns = 0
        self.pauses = 0
        self._answers_dropped = 0

    def note_loop(self, ended: loop.SocketLoop) -> None:
        """Adds what a loop that has ended counted."""
        self.turns += ended.turns
        self.pauses += ended.pauses
        self._answers_dropped += ended.answers_dropped

    def counters(self, unparsed: Mapping[str, int]) -> dict[str, int]:
        """Returns cumulative counters by camelCase name."""
        connections, lines = self.connections, self.line_counts
        return {
            "bytes": sum(each.bytes for each in connections),
            "reads": sum(each.reads for each in connections),
            "messages": sum(each.messages for each in connections),
            "pings": sum(each.pings for each in connections),
            "fragmented": sum(each.fragmented for each in connections),
            "stalls": sum(each.stalls for each in connections),
            "serverShutdowns": sum(each.shutdowns for each in connections),
            "subscriptionsRefused": sum(each.refusals for each in connections),
            "attempts": sum(each.attempts for each in lines),
            "attemptsDelayed": sum(each.attempts_delayed for each in lines),
            "connects": sum(each.connects for each in lines),
            "reconnects": sum(each.reconnects for each in lines),
            "connectionsLost": sum(each.failures for each in lines),
            "renewals": sum(each.renewals for each in lines),
            "kernelStamped": self.stamps.stamped,
            "kernelStampsMissing": self.stamps.missing,
            "restRequests": self.rest.requests,
            "restAnswers": self.rest.answers,
            "restErrors": self.rest.errors,
            "restLimited": self.rest.limited,
            "restSuperseded": self.rest.superseded,
            "restDropped": self.rest.dropped + self._answers_dropped,
            "restWeightWaits": self.rest.weight_waits,
            "unparsed": sum(unparsed.values()),
            **{f"unparsed.{reason}": n for reason, n in unparsed.items()},
        }

    def lines(self, statistics: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Returns one object a line; ``statistics`` are the native outlet's, by slot."""
        return [
            {
                "name": name,
                **_merging(statistics[index :: len(self.names)]),
                "reconnects": self.line_counts[index].reconnects,
                "renewals": self.line_counts[index].renewals,
                "stalls": self.connections[index].stalls,
                "bytes": self.connections[index].bytes,
                "messages": self.connections[index].messages,
            }
            for index, name in enumerate(self.names)
        ]


def _merging(slots: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Adds up a line's two slots; the lead is that of the slot that was ahead more often."""
    ahead = [each["lead"] for each in slots if each["lead"].count]
    lead = max(ahead, key=lambda each: each.count, default=None)
    return {
        "wins": sum(each["wins"] for each in slots),
        "duplicates": sum(each["duplicates"] for each in slots),
        "framesDropped": sum(each["dropped"] for each in slots),
        "leadP50Ns": None if lead is None else lead.quantile_ns(0.5),
    }
