"""The normalizer's kernel from Python: records, counts, hops, the log of the unparsed."""

import pathlib
import struct

import tickwork_native

ABSENT = -(2**63)
TICKER = b'{"u":7,"s":"ETHUSDT","b":"61837.63","B":"3.78","a":"61837.64","A":"1.5"}'


def _frame(payload: bytes, frame_id: int = 0, kind: int = 0, flags: int = 0) -> bytes:
    header = struct.pack(
        "<QBBBBHHqqIIqQQ",
        *(0, 1, 1, kind, flags, 0xFFFF, 0, 900, 1000, 3, len(payload), ABSENT, 0, frame_id),
    )
    return header + payload + bytes(-len(payload) % 64)


def _kernel() -> tickwork_native.NormalizerKernel:
    return tickwork_native.NormalizerKernel(
        "binance-spot", ["BTCUSDT", "ETHUSDT"], payload_bytes_max=1000
    )


def test_frames_become_records() -> None:
    kernel = _kernel()
    records = kernel.process(_frame(TICKER, 0) + _frame(TICKER, 1))
    assert len(records) == 2 * 192
    kind, venue = records[8], records[9]
    instrument, price_exponent, quantity_exponent = struct.unpack_from("<Hbb", records, 12)
    assert (kind, venue, instrument, price_exponent, quantity_exponent) == (4, 1, 1, -2, -2)
    assert struct.unpack_from("<QQ", records, 16) == (7, 7)
    assert struct.unpack_from("<4q", records, 128) == (6183763, 378, 6183764, 150)
    received_ns, parsed_ns = records[56:64], records[96:104]
    assert int.from_bytes(received_ns, "little") == 1000
    assert int.from_bytes(parsed_ns, "little", signed=True) > 1000
    counters = kernel.counters()
    assert (counters["frames"], counters["tickers"], counters["unparsed"]) == (2, 2, 0)


def test_hops_are_recorded() -> None:
    kernel = _kernel()
    kernel.process(_frame(TICKER))
    receive, parse = kernel.histograms()
    assert (receive.name, receive.count, receive.maximum_ns) == ("receive", 1, 100)
    assert (parse.name, parse.count) == ("parse", 1)


def test_what_cannot_be_read_is_counted_and_shown() -> None:
    kernel = _kernel()
    assert kernel.process(_frame(b"nonsense", 5) + _frame(b" " * 1001, 6)) == b""
    counters = kernel.counters()
    assert counters["unparsed"] == 2
    assert (counters["unparsed.malformed"], counters["unparsed.tooLarge"]) == (1, 1)
    first, second = kernel.unparsed()
    assert first == {
        "frameId": 5,
        "receivedNs": 1000,
        "line": 0,
        "reason": "malformed",
        "length": 8,
        "excerpt": b"nonsense",
    }
    assert (second["length"], len(second["excerpt"])) == (1001, 256)


def test_connection_events_become_states() -> None:
    kernel = _kernel()
    status = kernel.process(_frame(b"", 0, kind=3))
    assert (status[8], status[10]) == (7, 1)
    assert kernel.process(_frame(b"", 1, kind=3)) == b""
    status = kernel.process(_frame(b"1006", 2, kind=4, flags=1))
    assert (status[8], status[10], status[11]) == (7, 4, 4)


def _contents(records: bytes) -> list[bytes]:
    """The records without `parsed_ns`, and without the sequence, which the pipe counts."""
    found = []
    while records:
        levels = sum(struct.unpack_from("<II", records, 64))
        length = 128 + (16 * levels + 63) // 64 * 64
        found.append(records[8:96] + records[104:length])
        records = records[length:]
    return found


def test_the_loop_and_the_batch_drive_send_the_same_bytes(tmp_path: pathlib.Path) -> None:
    snapshot = b'{"lastUpdateId":9,"bids":[["61837.63","3.7"]],"asks":[["61838","1.5"]]}'
    texts = [TICKER, b"nonsense", b'{"result":null,"id":1}', TICKER.replace(b"3.78", b"0.001")]
    frames = [_frame(b"", 0, kind=3), *(_frame(text, 1 + at) for at, text in enumerate(texts))]
    frames += [_frame(snapshot, 5, kind=2), _frame(b"", 6, kind=4, flags=1)]

    batch = _kernel()
    expected = b"".join(batch.process(frame) for frame in frames)

    writers = [tickwork_native.PipeWriter.create(tmp_path / at, 1 << 16, at) for at in "ab"]
    readers = [tickwork_native.PipeReader.attach(tmp_path / at) for at in "ab"]
    looped = _kernel()
    loop = tickwork_native.NativeLoop([(looped, [readers[0]], [writers[1]])], "park", "test")
    loop.start()
    assert writers[0].send(b"".join(frames), 1_000_000_000) == len(frames)
    assert loop.stop(1_000_000_000) == 0
    received = readers[1].read_batch()
    assert received is not None
    assert _contents(bytes(received)) == _contents(expected)
    assert looped.counters() == batch.counters()
    received.release()
    for end in (*readers, *writers):
        end.close()
