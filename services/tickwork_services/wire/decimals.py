"""Mantissas as exact decimal strings without trailing zeros, and back."""

import re

MANTISSA_MAX = (1 << 63) - 1
_DECIMAL = re.compile(r"(-?)(\d{1,40})(?:\.(\d{1,40}))?", re.ASCII)


def write_decimal(mantissa: int, exponent: int) -> str:
    """Returns ``mantissa`` times ten to the ``exponent``: (120, -2) → 1.2, (5, 2) → 500."""
    if exponent >= 0:
        return str(mantissa * 10**exponent)
    sign = "-" if mantissa < 0 else ""
    digits = str(abs(mantissa)).rjust(1 - exponent, "0")
    fraction = digits[exponent:].rstrip("0")
    whole = digits[:exponent]
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


def exponent_of(text: str) -> int:
    """Returns the coarsest exponent that holds ``text`` exactly, at most 0."""
    _, _, fraction = _split(text)
    return -len(fraction.rstrip("0"))


def read_decimal(text: str, exponent: int) -> int:
    """Returns the mantissa of ``text``; raises ValueError where it does not fit exactly."""
    sign, whole, fraction = _split(text)
    digits = int(whole + fraction)
    mantissa: int
    shift = -len(fraction) - exponent
    if shift >= 0:
        mantissa = digits * int(10**shift)
    else:
        mantissa, rest = divmod(digits, int(10**-shift))
        if rest:
            raise ValueError(f"{text} is finer than the exponent {exponent}")
    if mantissa > MANTISSA_MAX:
        raise ValueError(f"{text} with the exponent {exponent} does not fit 64 bits")
    return -mantissa if sign else mantissa


def _split(text: object) -> tuple[str, str, str]:
    found = _DECIMAL.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"{text!r} is no decimal number")
    return found[1], found[2], found[3] or ""
