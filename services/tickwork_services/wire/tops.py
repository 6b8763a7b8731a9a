"""Tops as lines and back, fast: a broadcast carries thousands a second and nothing else.

Both directions give exactly what the general codec gives (proven by a property test). Reading
takes the plain case alone: sound fields and digits that fit the exponents known. Everything else
is None, and the general codec looks at it.
"""

import struct
from collections.abc import Mapping
from typing import Any

from tickwork_services.record import layout
from tickwork_services.wire import decimals

_TOP = struct.Struct("<QBBHIQqqqqq")
_LATENCY_MORE = 0xFFFFFFFF
_STATES = {name: state for state, name in enumerate(layout.STATE_NAMES)}
_U64 = 1 << 64
_STAMP_MAX = 1 << 62
_DIGITS_MAX = 18


def write_line(
    fields: tuple[int, ...], name: str, price: int, quantity: int, offset_ns: int
) -> str:
    """Returns the line of one top; ``name`` is JSON already, exponents are negative or 0."""
    sequence, _, state, _, latency_ns, update_id, bid, bid_quantity, ask, ask_quantity, ns = fields
    write = decimals.write_decimal
    absent = layout.ABSENT
    bids = f'"{write(bid, price)}"' if bid != absent else "null"
    asks = f'"{write(ask, price)}"' if ask != absent else "null"
    bid_quantities = f'"{write(bid_quantity, quantity)}"' if bid != absent else "null"
    ask_quantities = f'"{write(ask_quantity, quantity)}"' if ask != absent else "null"
    stamps = ""
    if ns != absent:
        received = f',"received_ns":{ns - latency_ns}' if latency_ns != _LATENCY_MORE else ""
        stamps = f',"timestamp_ns":{ns + offset_ns}{received},"published_ns":{ns}'
    return (
        f'{{"instrument":{name},"bid":{bids},"ask":{asks},"bid_quantity":{bid_quantities},'
        f'"ask_quantity":{ask_quantities},"state":"{layout.STATE_NAMES[state]}",'
        f'"update_id":{update_id},"sequence":{sequence}{stamps}}}\n'
    )


def read_fields(
    content: Mapping[str, Any], instrument: int, price: int, quantity: int
) -> bytes | None:
    """Returns the record of a parsed line, or None where it is not the plain case."""
    try:
        bid = _mantissa(content["bid"], price)
        ask = _mantissa(content["ask"], price)
        bid_quantity = _mantissa(content["bid_quantity"], quantity)
        ask_quantity = _mantissa(content["ask_quantity"], quantity)
        state = _STATES[content["state"]]
        update_id, sequence = content["update_id"], content["sequence"]
        published_ns, received_ns = content["published_ns"], content["received_ns"]
    except (KeyError, ValueError, TypeError, AttributeError):
        return None
    numbers = (update_id, sequence, published_ns, received_ns)
    if not all(type(number) is int and number >= 0 for number in numbers):
        return None
    latency_ns = published_ns - received_ns
    if (
        max(update_id, sequence) >= _U64
        or published_ns >= _STAMP_MAX
        or not 0 <= latency_ns < _LATENCY_MORE
    ):
        return None
    return _TOP.pack(
        sequence,
        layout.TOP,
        state,
        instrument,
        latency_ns,
        update_id,
        bid,
        bid_quantity,
        ask,
        ask_quantity,
        published_ns,
    )


def _mantissa(text: str, exponent: int) -> int:
    """Returns the mantissa of plain digits; raises ValueError for whatever is not plain."""
    whole, _, fraction = text.partition(".")
    digits = whole + fraction
    if len(digits) > _DIGITS_MAX or not (digits.isascii() and digits.isdigit() and whole):
        raise ValueError(text)
    shift = -exponent - len(fraction)
    if shift < 0 or len(digits) + shift > _DIGITS_MAX or text.endswith("."):
        raise ValueError(text)
    return int(digits) * int(10**shift)
