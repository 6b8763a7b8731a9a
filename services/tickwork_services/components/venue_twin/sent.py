"""What went out on each line: SHA-256 over the messages in order, to compare a recording with."""

import hashlib
from collections.abc import Iterable
from typing import Any

LINES_MAX = 256
"""Lines that are kept; further ones are sent to like any other, but not summed."""


class Sent:
    """Running sums by line, over all stretches; kept when the line is gone."""

    def __init__(self) -> None:
        self._sums: dict[int, tuple[Any, list[int]]] = {}

    def note(self, lines: Iterable[int], payload: bytes) -> None:
        """Adds one message to the sums of ``lines``."""
        for line in lines:
            known = self._sums.get(line)
            if known is None:
                if len(self._sums) >= LINES_MAX:
                    continue
                known = self._sums[line] = (hashlib.sha256(), [0, 0])
            known[0].update(payload)
            known[1][0] += 1
            known[1][1] += len(payload)

    def facts(self) -> list[dict[str, object]]:
        """Returns one object a line, oldest first."""
        return [
            {"id": line, "payloads": payloads, "bytes": size, "sha256": total.hexdigest()}
            for line, (total, (payloads, size)) in self._sums.items()
        ]
