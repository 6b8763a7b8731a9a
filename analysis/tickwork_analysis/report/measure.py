"""Numbers as a person reads them in a table: three digits, a unit, no-break spaces."""

SPACE = "\u00a0"
NOTHING = "\u2013"


def in_time(value_ns: float | None, *, signed: bool = False) -> str:
    """Returns ``value_ns`` in the unit that suits it; a dash where there is no value."""
    if value_ns is None:
        return NOTHING
    size = abs(value_ns)
    unit, scale = next(((unit, scale) for limit, unit, scale in _UNITS if size < limit), ("s", 1e9))
    shown = _three_digits(size / scale, whole=unit == "ns")
    sign = "\u2212" if value_ns < 0 else "+" if signed and value_ns > 0 else ""
    return f"{sign}{shown}{SPACE}{unit}"


_UNITS = ((1e3, "ns", 1.0), (1e6, "µs", 1e3), (1e9, "ms", 1e6))


def _three_digits(value: float, *, whole: bool) -> str:
    if whole or value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def in_range(low_ns: float, high_ns: float, *, signed: bool = False) -> str:
    """Returns an interval: ``161 … 369 µs``; each end with its unit where they differ."""
    low, high = in_time(low_ns, signed=signed), in_time(high_ns, signed=signed)
    if low.partition(SPACE)[2] == high.partition(SPACE)[2]:
        low = low.partition(SPACE)[0]
    return f"{low}{SPACE}…{SPACE}{high}"


def in_bytes(size: float) -> str:
    """Returns ``size`` in binary units: ``64 KiB``, ``1.5 MiB``."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB"):
        if amount < 1024:
            return f"{amount:.3g}{SPACE}{unit}"
        amount /= 1024
    return f"{amount:.3g}{SPACE}GiB"


def in_count(number: int | None) -> str:
    """Returns ``number`` with thousands apart, or a dash where it is not known."""
    return NOTHING if number is None else f"{number:,}"


def in_share(share: float | None) -> str:
    """Returns ``share`` (0 to 1) in per cent; what is not all is never rounded up to it."""
    if share is None:
        return NOTHING
    if share in {0, 1}:
        return f"{share * 100:.0f}{SPACE}%"
    return f"{min(share, 0.9999) * 100:.3g}{SPACE}%" if share < 0.99 else _nines(share)


def _nines(share: float) -> str:
    return f"{int(share * 10_000) / 100:.2f}{SPACE}%"


def in_seconds(value_s: float) -> str:
    """Returns a moment of a run: ``3.03 s``."""
    return f"{value_s:.2f}{SPACE}s"


def in_milliseconds(value_ms: float | None) -> str:
    """Returns a duration that is told in milliseconds."""
    return NOTHING if value_ms is None else in_time(value_ms * 1e6)
