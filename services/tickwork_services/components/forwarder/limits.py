"""What a venue says when it has had enough: status 429 or 418, and for how long."""

LIMITED = (429, 418)
RETRY_AFTER_DEFAULT_NS = 60_000_000_000
RETRY_AFTER_SECONDS_MAX = 3 * 86_400
"""The longest ban that Binance documents; a longer one is asked about again after that."""


def read_wait_ns(retry_after: str | None) -> int:
    """Returns the nanoseconds that a ``Retry-After`` header asks for; a minute where it is none."""
    if retry_after is None or not retry_after.isdecimal():
        return RETRY_AFTER_DEFAULT_NS
    return min(int(retry_after), RETRY_AFTER_SECONDS_MAX) * 1_000_000_000
