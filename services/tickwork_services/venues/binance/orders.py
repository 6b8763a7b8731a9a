"""Reads the control messages that clients send over a Binance WebSocket.

Codes as documented: 0 unknown property, 1 wrong type of value, 2 invalid request, 3 invalid JSON.
"""

import json
from typing import Any

from tickwork_services.venues import venue

METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
ID_TEXT_LENGTH_MAX = 36
ID_BITS = 64


def read(payload: bytes) -> venue.Order | venue.Refusal:
    """Reads one control message; the refusal's body is the reply."""
    try:
        message = json.loads(payload)
    except (ValueError, RecursionError):
        return refusal(3, "Invalid JSON: expected a control request.", "null")
    if not isinstance(message, dict):
        return refusal(2, "Invalid request: expected an object.", "null")
    id_ = message.get("id")
    if not _is_id(id_):
        text = "an unsigned integer of 64 bits, a text of 36 characters, or null"
        return refusal(2, f"Invalid request: request ID must be {text}.", "null")
    echoed = json.dumps(id_)
    method = message.get("method")
    if method not in METHODS:
        shown = str(method)[:40]
        known = ", ".join(METHODS)
        return refusal(
            2, f"Invalid request: unknown variant {shown}, expected one of {known}.", echoed
        )
    params = message.get("params", [])
    if not isinstance(params, list):
        return refusal(2, "Invalid request: params must be a list.", echoed)
    if method in ("SUBSCRIBE", "UNSUBSCRIBE"):
        return _read_streams(method, params, echoed)
    if method == "LIST_SUBSCRIPTIONS":
        return venue.Order("LIST", echoed)
    return _read_property(method, params, echoed)


def _read_streams(method: Any, params: list[Any], echoed: str) -> venue.Order | venue.Refusal:
    if not params or not all(isinstance(each, str) for each in params):
        return refusal(2, "Invalid request: params must name streams.", echoed)
    return venue.Order(method, echoed, tuple(params))


def _read_property(method: str, params: list[Any], echoed: str) -> venue.Order | venue.Refusal:
    if not params or not isinstance(params[0], str):
        return refusal(2, "Invalid request: property name must be a string.", echoed)
    if params[0] != "combined":
        return refusal(0, "Unknown property.", echoed)
    if method == "GET_PROPERTY":
        return venue.Order("GET_COMBINED", echoed)
    if len(params) != 2 or not isinstance(params[1], bool):
        return refusal(1, "Invalid value type: expected Boolean.", echoed)
    return venue.Order("SET_COMBINED", echoed, value=params[1])


def _is_id(id_: object) -> bool:
    if id_ is None:
        return True
    if isinstance(id_, bool):
        return False
    if isinstance(id_, int):
        return 0 <= id_ < 1 << ID_BITS
    return isinstance(id_, str) and len(id_) <= ID_TEXT_LENGTH_MAX


def refusal(code: int, text: str, echoed: str) -> venue.Refusal:
    """Returns the reply that refuses a request; ``echoed`` is its id as JSON text."""
    error = json.dumps({"code": code, "msg": text}, separators=(",", ":"))
    return venue.Refusal(f'{{"error":{error},"id":{echoed}}}'.encode())
