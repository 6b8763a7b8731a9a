"""Frames as the independent decoder of ``websockets`` reads them."""

import pytest
from tickwork_services.components.venue_twin import frames as tested
from websockets import client, frames, protocol, uri


def _decode(data: bytes) -> list[frames.Frame]:
    reader = client.ClientProtocol(
        uri.parse_uri("ws://x/"), state=protocol.State.OPEN, max_size=None
    )
    reader.receive_data(data)
    return [event for event in reader.events_received() if isinstance(event, frames.Frame)]


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65_535, 65_536, 200_000])
def test_frame_is_read_back(length: int) -> None:
    payload = b"x" * length
    (frame,) = _decode(tested.encode(payload))
    assert (frame.opcode, bytes(frame.data), frame.fin) == (frames.Opcode.TEXT, payload, True)


@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 1000])
def test_fragments_join_to_the_message(length: int) -> None:
    payload = bytes(97 + number % 26 for number in range(length))
    read = _decode(tested.encode_fragments(payload))
    assert b"".join(bytes(frame.data) for frame in read) == payload
    assert [frame.fin for frame in read] == [False] * (len(read) - 1) + [True]
    assert len(read) == min(tested.FRAGMENTS, max(1, length))
