"""The layout's second implementation reads what the native one wrote."""

import pathlib
import struct

import native_records
import pytest
import tickwork_native
from tickwork_native import layout, pure_reader


def _publication(directory: pathlib.Path) -> tickwork_native.Publication:
    return tickwork_native.Publication.create(
        directory / "demo" / "book", "demo", [("BTCUSDT", 1), ("ETHUSDT", 1)], 16, 1 << 16, 5
    )


def test_pure_python_reader_reads_every_record(tmp_path: pathlib.Path) -> None:
    publication = _publication(tmp_path)
    deltas = [native_records.market(native_records.DELTA, n, levels=n % 4) for n in range(1, 21)]
    images = [native_records.image(n, instrument=n % 2, levels=n % 3) for n in range(1, 21)]
    publication.send(b"".join(deltas + images))
    segment = pure_reader.Segment(publication.path)
    assert (segment.name, segment.state) == ("demo", 1)
    assert [(i.name, i.venue) for i in segment.instruments] == [("BTCUSDT", 1), ("ETHUSDT", 1)]
    assert {(i.price_exponent, i.quantity_exponent) for i in segment.instruments} == {(-2, -3)}

    tops = [pure_reader.read_fields(top, layout.TOP_FIELDS) for top in segment.read_tops()]
    assert [top["update_id"] for top in tops] == list(range(5, 21))
    assert [top["sequence"] for top in tops] == list(range(5, 21))
    assert [top["bid"] for top in tops] == [
        1000 * n - 1 if n % 3 else layout.ABSENT for n in range(5, 21)
    ]

    depth = segment.read_depth()
    assert [pure_reader.read_fields(r, layout.MARKET_FIELDS)["last"] for r in depth] == [
        *range(1, 21)
    ]
    for number, record in enumerate(depth, 1):
        bids, asks = pure_reader.read_levels(record)
        assert bids == [(1000 * number - 1 - i, number) for i in range(number % 4)]
        assert asks == [(1000 * number + 1 + i, number) for i in range(number % 4)]
        assert struct.unpack_from("<Q", record)[0] == number

    books = segment.read_table()
    assert [(b.instrument, b.state, b.update_id, len(b.bids)) for b in books] == [
        (0, 2, 20, 2),
        (1, 2, 19, 1),
    ]
    assert books[0].bids == [(19999, 20), (19998, 20)]
    assert books[0].asks == [(20001, 20), (20002, 20)]
    publication.close()
    assert segment.state == 3
    segment.close()


def test_a_pipe_is_read_without_touching_it(tmp_path: pathlib.Path) -> None:
    writer = tickwork_native.PipeWriter.create(tmp_path / "frames", 4096, "frames")
    reader = tickwork_native.PipeReader.attach(writer.path)
    sent = [native_records.frame(n, bytes([n]) * (60 * n)) for n in range(30)]
    for record in sent:
        assert writer.try_send(record) == 1
        with_sequence = (writer.sent).to_bytes(8, "little") + record[8:]
        segment = pure_reader.Segment(writer.path)
        assert segment.read_pipe() == [with_sequence]
        segment.close()
        batch = reader.read_batch()
        assert batch is not None
        assert bytes(batch) == with_sequence
        reader.release()


@pytest.mark.parametrize(
    ("at", "value", "text"),
    [(0, b"NOTTHIS1", "no segment"), (12, b"\x02", "layout version 2"), (40, b"\x01", "instead")],
)
def test_a_foreign_file_is_refused(
    tmp_path: pathlib.Path, at: int, value: bytes, text: str
) -> None:
    writer = tickwork_native.PipeWriter.create(tmp_path / "frames", 4096, "frames")
    content = bytearray((tmp_path / "frames").read_bytes())
    writer.close()
    content[at : at + len(value)] = value
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(pure_reader.LayoutError, match=text):
        pure_reader.Segment(tmp_path / "other")


def test_dtypes_have_the_documented_sizes() -> None:
    assert layout.top_dtype().itemsize == 64
    assert layout.frame_dtype().itemsize == 64
    assert layout.market_dtype().itemsize == 128
    assert layout.TOP_DTYPE is layout.top_dtype()
