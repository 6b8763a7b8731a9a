"""Captures of every packing, whole and broken."""

import gzip
import hashlib
import os
import pathlib
import threading

import pytest
import zstandard
from tickwork_services.capture import reading

from tickwork import errors

TEXT = b"".join(b"%d {}\n" % number for number in range(400_000))


def read(path: pathlib.Path) -> bytes:
    return b"".join(reading.read_chunks(path))


@pytest.mark.parametrize(
    "packed",
    [
        TEXT,
        gzip.compress(TEXT, 1),
        gzip.compress(TEXT[:100], 1) + gzip.compress(TEXT[100:], 1),
        zstandard.compress(TEXT),
        zstandard.compress(TEXT[:100]) + zstandard.compress(TEXT[100:]),
    ],
    ids=["plain", "gz", "two gz members", "zst", "two zst frames"],
)
def test_every_packing_is_told_by_its_bytes(packed: bytes, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "capture.bin"
    path.write_bytes(packed)
    assert read(path) == TEXT
    assert all(len(chunk) <= reading.CHUNK_BYTES for chunk in reading.read_chunks(path))


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_packing_that_ends_early_is_refused(pack: object, tmp_path: pathlib.Path) -> None:
    assert callable(pack)
    path = tmp_path / "capture.bin"
    path.write_bytes(pack(TEXT)[:-50])
    with pytest.raises(errors.CaptureError, match="ends in the middle"):
        read(path)


def test_a_wrong_checksum_inside_is_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "capture.gz"
    packed = bytearray(gzip.compress(TEXT))
    packed[-6] ^= 0xFF
    path.write_bytes(packed)
    with pytest.raises(errors.CaptureError, match="damaged"):
        read(path)
    packed = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(TEXT))
    packed[-1] ^= 0xFF
    path.write_bytes(packed)
    with pytest.raises(errors.CaptureError, match="damaged"):
        read(path)


def test_a_checksum_beside_has_to_agree(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "capture.txt"
    path.write_bytes(b"{}\n")
    beside = tmp_path / "capture.txt.sha256"
    beside.write_text(f"{hashlib.sha256(b'{}' + bytes([10])).hexdigest()}  capture.txt\n")
    assert read(path) == b"{}\n"
    for wrong in ("0" * 64 + "  capture.txt\n", "short", ""):
        beside.write_text(wrong)
        with pytest.raises(errors.CaptureError, match="SHA-256"):
            read(path)


def test_an_empty_capture_is_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "capture.txt"
    for nothing in (b"", gzip.compress(b""), zstandard.compress(b"")):
        path.write_bytes(nothing)
        with pytest.raises(errors.CaptureError, match="nothing in it"):
            read(path)


def test_a_missing_capture_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.CaptureError, match="No such file"):
        read(tmp_path / "none.gz")
    with pytest.raises(errors.CaptureError, match="directory"):
        read(tmp_path)


def test_a_capture_may_come_out_of_a_pipe(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    packed = gzip.compress(TEXT, 1)
    writing = threading.Thread(target=path.write_bytes, args=(packed,))
    writing.start()
    assert read(path) == TEXT
    writing.join()
