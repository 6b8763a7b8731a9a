"""Fields of a parsed NDJSON line as the numbers of a record, each checked."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from tickwork_services.record import layout, market


class LineError(ValueError):
    """One line is no record; the text says which field is wrong and how."""


def read_state(content: Mapping[str, Any]) -> int:
    """Returns the state of its name; raises LineError where there is no such state."""
    name = content.get("state")
    if name not in layout.STATE_NAMES:
        raise LineError(f"state {name!r} does not exist")
    return layout.STATE_NAMES.index(name)


def read_number(content: Mapping[str, Any], name: str, maximum: int) -> int:
    """Returns a whole number from 0 to ``maximum``, 0 where it is left out; raises LineError."""
    value = content.get(name, 0)
    if type(value) is not int or not 0 <= value <= maximum:
        raise LineError(f"{name} must be a number from 0 to {maximum}, not {value!r}")
    return value


def read_exponent(content: Mapping[str, Any], name: str) -> int:
    """Returns a power of ten from -38 to 38, 0 where it is left out; raises LineError."""
    value = content.get(name, 0)
    if type(value) is not int or not -38 <= value <= 38:
        raise LineError(f"{name} must be a number from -38 to 38, not {value!r}")
    return value


def read_stamp(content: Mapping[str, Any], name: str) -> int:
    """Returns nanoseconds, ABSENT where they are left out or null; raises LineError."""
    value = content.get(name)
    if value is None:
        return layout.ABSENT
    if type(value) is not int or not layout.ABSENT < value < -layout.ABSENT:
        raise LineError(f"{name} must be nanoseconds, not {value!r}")
    return value


def latency_ns_of(received_ns: int, published_ns: int) -> int:
    """Returns published minus received, all ones where that is unknown or does not fit."""
    if layout.ABSENT in (received_ns, published_ns):
        return market.LATENCY_MORE
    latency_ns = published_ns - received_ns
    return latency_ns if 0 <= latency_ns < market.LATENCY_MORE else market.LATENCY_MORE


def read_payload(content: Mapping[str, Any]) -> bytes:
    """Returns a frame's payload, text or base64; raises LineError where there is neither."""
    text, coded = content.get("payload"), content.get("payload_base64")
    if isinstance(text, str):
        return text.encode()
    if isinstance(coded, str):
        return base64.b64decode(coded, validate=True)
    raise LineError("a frame needs payload or payload_base64")


def refuse_float(text: str) -> object:
    """Raises LineError: a float is never exact, so no field is one."""
    raise LineError(f"{text} is no whole number; decimals are strings")


DECODER = json.JSONDecoder(parse_float=refuse_float, parse_constant=refuse_float)
