"""What a venue has been asked for lately: counts in a sliding window, and REST weight.

Pure: time comes in. A venue bans the address that exceeds these; so the rule is here to wait,
never to try.
"""

import collections


class WindowLedger:
    """At most ``count_max`` events in any window of ``window_ns``."""

    def __init__(self, count_max: int, window_ns: int) -> None:
        self._count_max = count_max
        self._window_ns = window_ns
        self._events: collections.deque[int] = collections.deque(maxlen=count_max)

    def wait_ns(self, now_ns: int) -> int:
        """Returns how long to wait before the next event is allowed; 0 is now."""
        self._forget(now_ns)
        if len(self._events) < self._count_max:
            return 0
        return self._events[0] + self._window_ns - now_ns

    def spend(self, now_ns: int) -> None:
        """Notes one event."""
        self._events.append(now_ns)

    def used(self, now_ns: int) -> int:
        """Returns the events of the window that ends now."""
        self._forget(now_ns)
        return len(self._events)

    def _forget(self, now_ns: int) -> None:
        while self._events and self._events[0] + self._window_ns <= now_ns:
            self._events.popleft()


class WeightLedger:
    """The weight used of a venue's REST budget per minute.

    The venue says in each answer what it has counted (other programs of the same address
    included); what was spent since that answer is added. The venue's minute is not ours, so a
    count holds for one whole window after it was read, unless a later answer says less.
    """

    def __init__(self, weight_max: int, window_ns: int) -> None:
        self.weight_max = weight_max
        self._window_ns = window_ns
        self._reported = 0
        self._since = 0
        self._at_ns: int | None = None
        self._blocked_until_ns: int | None = None
        self.spent = 0

    def used(self, now_ns: int) -> int:
        """Returns the weight that counts at ``now_ns``; changes nothing, any thread may ask."""
        at_ns = self._at_ns
        if at_ns is None or now_ns - at_ns >= self._window_ns:
            return 0
        return self._reported + self._since

    def wait_ns(self, weight: int, now_ns: int) -> int:
        """Returns how long to wait before ``weight`` may be spent; 0 is now.

        A weight above the whole budget is allowed into an empty window: it can never fit.
        """
        if self._blocked_until_ns is not None:
            if now_ns < self._blocked_until_ns:
                return self._blocked_until_ns - now_ns
            self._blocked_until_ns = None
        used = self.used(now_ns)
        if used == 0 or used + weight <= self.weight_max or self._at_ns is None:
            return 0
        return self._at_ns + self._window_ns - now_ns

    def spend(self, weight: int, now_ns: int) -> None:
        """Notes that a request of ``weight`` goes out."""
        if self.used(now_ns) == 0:
            self._reported, self._since, self._at_ns = 0, 0, None
        self._since += weight
        self.spent += weight
        if self._at_ns is None:
            self._at_ns = now_ns

    def report(self, used: int, now_ns: int) -> None:
        """Takes over what the venue's answer says it has counted."""
        self._reported, self._since, self._at_ns = used, 0, now_ns

    def block(self, wait_ns: int, now_ns: int) -> None:
        """Notes that the venue asked for silence (429, 418)."""
        self._blocked_until_ns = max(self._blocked_until_ns or now_ns, now_ns + wait_ns)
