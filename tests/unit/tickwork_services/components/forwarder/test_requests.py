import struct

import pytest
from tickwork_services.components.forwarder import requests
from tickwork_services.record import layout


def market(kind, state=0, instrument=3, correlation=0, bids=0, asks=0):
    record = bytearray((128 + 16 * (bids + asks) + 63) // 64 * 64)
    record[8], record[10] = kind, state
    struct.pack_into("<H", record, 12, instrument)
    struct.pack_into("<II", record, 64, bids, asks)
    struct.pack_into("<Q", record, 120, correlation)
    return bytes(record)


def frame(length):
    record = bytearray(64 + (length + 63) // 64 * 64)
    record[8] = layout.FRAME
    struct.pack_into("<I", record, 36, length)
    return bytes(record)


def top():
    return bytes(8) + bytes([layout.TOP]) + bytes(55)


def test_requests_are_found_among_records_of_all_lengths():
    records = b"".join(
        [
            market(layout.REQUEST, correlation=7, instrument=2),
            market(2, bids=3, asks=2),
            frame(100),
            top(),
            market(7, state=4, instrument=0xFFFF),
            market(layout.REQUEST, correlation=8, instrument=0xFFFF),
        ]
    )
    assert list(requests.read(memoryview(records))) == [
        requests.SnapshotRequest(2, 7),
        requests.SnapshotRequest(0xFFFF, 8),
    ]


def test_a_request_for_images_is_not_ours():
    assert list(requests.read(memoryview(market(layout.REQUEST, state=1)))) == []


def test_nothing_holds_nothing():
    assert list(requests.read(memoryview(b""))) == []


def test_a_batch_that_is_cut_is_refused():
    with pytest.raises(layout.RecordError):
        list(requests.read(memoryview(market(layout.REQUEST)[:96])))
