"""What came in and could not be used: counted by reason, the last few kept, bounded."""

import collections
import dataclasses
import threading
from collections.abc import Mapping

SAMPLE_BYTES_MAX = 256


@dataclasses.dataclass(frozen=True, slots=True)
class Sample:
    """The beginning of one unusable message, with when and where it came in."""

    reason: str
    line: str
    received_ns: int
    length: int
    head: bytes


class UnparsedLog:
    """Counts by reason without end, keeps the last ``kept_max`` beginnings of 256 bytes."""

    def __init__(self, reasons: tuple[str, ...], kept_max: int) -> None:
        self._counts = dict.fromkeys(reasons, 0)
        self._samples: collections.deque[Sample] = collections.deque(maxlen=kept_max)
        self._lock = threading.Lock()

    def add(self, reason: str, line: str, received_ns: int, payload: bytes, length: int) -> None:
        """Keeps one message of ``length`` bytes, of which ``payload`` is what was read."""
        sample = Sample(reason, line, received_ns, length, bytes(payload[:SAMPLE_BYTES_MAX]))
        with self._lock:
            self._counts[reason] += 1
            self._samples.append(sample)

    def counts(self) -> Mapping[str, int]:
        """Returns how many there were, by reason."""
        with self._lock:
            return dict(self._counts)

    def samples(self) -> list[dict[str, object]]:
        """Returns what was kept, oldest first, ready for JSON."""
        with self._lock:
            kept = list(self._samples)
        return [
            {
                "reason": each.reason,
                "line": each.line,
                "receivedNs": each.received_ns,
                "length": each.length,
                "head": each.head.decode("utf-8", errors="backslashreplace"),
            }
            for each in kept
        ]
