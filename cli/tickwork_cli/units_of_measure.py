"""Numbers as a person reads them: durations, sizes, shares."""


def in_time(value_ns: float | None) -> str:
    """Returns ``value_ns`` in the unit that suits it: ``850 ns``, ``12.4 µs``, ``3.10 ms``."""
    if value_ns is None:
        return "-"
    size = abs(value_ns)
    for limit, unit, scale in ((1e3, "ns", 1.0), (1e6, "µs", 1e3), (1e9, "ms", 1e6)):
        if size < limit:
            return _three_digits(value_ns / scale, unit)
    return _three_digits(value_ns / 1e9, "s")


def _three_digits(value: float, unit: str) -> str:
    if unit == "ns" or abs(value) >= 100:
        return f"{value:.0f} {unit}"
    return f"{value:.1f} {unit}" if abs(value) >= 10 else f"{value:.2f} {unit}"


def in_bytes(size: int) -> str:
    """Returns ``size`` in binary units: ``64 KiB``, ``16 MiB``, ``1.5 MiB``."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB"):
        if amount < 1024:
            return f"{amount:.3g} {unit}"
        amount /= 1024
    return f"{amount:.3g} GiB"


def in_count(number: int | None) -> str:
    """Returns ``number`` with thousands apart, or a dash where it is not known."""
    return "-" if number is None else f"{number:,}"


def in_share(share: float | None) -> str:
    """Returns ``share`` (0 to 1) in per cent, or a dash where it was not measured."""
    return "-" if share is None else f"{share:.1%}"
