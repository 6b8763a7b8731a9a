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
        self._turns = 0
        self._answers_dropped = 0

    def note_loop(self, ended: loop.SocketLoop) -> None:
        """Adds what a loop that has ended counted."""
        self._turns += ended.turns
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
            "turns": self._turns,
            "unparsed": sum(unparsed.values()),
            **{f"unparsed{reason[0].upper()}{reason[1:]}": n for reason, n in unparsed.items()},
        }

    def lines(self, statistics: Sequence[Any]) -> list[dict[str, Any]]:
        """Returns one object a line; ``statistics`` are (wins, lead histogram) by line."""
        return [
            {
                "name": name,
                **_merging(statistics[index] if index < len(statistics) else None),
                "reconnects": self.line_counts[index].reconnects,
                "renewals": self.line_counts[index].renewals,
                "stalls": self.connections[index].stalls,
                "bytes": self.connections[index].bytes,
                "messages": self.connections[index].messages,
            }
            for index, name in enumerate(self.names)
        ]


def _merging(statistics: Any) -> dict[str, Any]:
    if statistics is None:
        return {"wins": 0, "leadP50Ns": None}
    wins, lead = statistics[0], statistics[1]
    return {"wins": wins, "leadP50Ns": lead.quantile_ns(0.5) if lead.count else None}
