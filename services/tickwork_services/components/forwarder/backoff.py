"""How long to wait before the next attempt: exponential, full jitter, capped, without end."""

import random


class Backoff:
    """Draws the wait before each further attempt.

    Attempt n waits a uniform time between 0 and ``min(longest, base · 2ⁿ)``: many clients that
    lost the same server at once do not come back at once. There is no last attempt.
    """

    def __init__(self, seed: str, base_ns: int, longest_ns: int) -> None:
        self._random = random.Random(seed)
        self._base_ns = base_ns
        self._longest_ns = longest_ns
        self.attempts = 0

    def next_ns(self) -> int:
        """Returns how long to wait before the next attempt, and counts it."""
        # Beyond 2^40 the cap has long been reached; the shift must not grow with time.
        ceiling_ns = min(self._longest_ns, self._base_ns << min(self.attempts, 40))
        self.attempts += 1
        return self._random.randint(0, ceiling_ns)

    def reset(self) -> None:
        """Begins at the short waits again, after something worked."""
        self.attempts = 0
