"""Encodes WebSocket frames of a server (RFC 6455, section 5.2): unmasked, text, whole or torn."""

import itertools

TEXT, CONTINUATION = 1, 0
FINAL = 0x80
FRAGMENTS = 3


def encode(payload: bytes, opcode: int = TEXT, *, final: bool = True) -> bytes:
    """Returns one frame."""
    length = len(payload)
    first = opcode | (FINAL if final else 0)
    if length < 126:
        return bytes((first, length)) + payload
    if length < 1 << 16:
        return bytes((first, 126, length >> 8, length & 255)) + payload
    return bytes((first, 127)) + length.to_bytes(8, "big") + payload


def encode_fragments(payload: bytes) -> bytes:
    """Returns one message as a text frame and continuation frames, torn at thirds of its bytes."""
    edges = [len(payload) * number // FRAGMENTS for number in range(FRAGMENTS + 1)]
    pieces = [payload[low:high] for low, high in itertools.pairwise(edges) if high > low] or [b""]
    last = len(pieces) - 1
    return b"".join(
        encode(piece, CONTINUATION if number else TEXT, final=number == last)
        for number, piece in enumerate(pieces)
    )
