import pathlib

import pytest
import zstandard
from tickwork_services.capture import opening, twr
from tickwork_services.record import frame

from tickwork import errors

HEAD = twr.Head("binance-usdm", ("BTCUSDT",), {}, twr.Clock(0, 40), 2, 20)
LINE = b'1000 1 text {"u":1}\n'


def packed(path: pathlib.Path, text: bytes) -> pathlib.Path:
    path.write_bytes(zstandard.ZstdCompressor().compress(text))
    return path


@pytest.mark.parametrize(
    ("line", "received_ns", "kind"),
    [
        (b'{"u":1}', None, frame.TEXT),
        (b'1723161253937085768 {"u":1}', 1_723_161_253_937_085_768, frame.TEXT),
        (b'1618678132.5: {"u":1}', 1_618_678_132_500_000_000, frame.TEXT),
        (b'1618678132: {"u":1}', 1_618_678_132_000_000_000, frame.TEXT),
        (b'https://api.test/depth -> 1618678132.5: {"u":1}', 1_618_678_132_500_000_000, frame.REST),
    ],
)
def test_every_foreign_form_is_read(line: bytes, received_ns: int | None, kind: int) -> None:
    assert opening.read_foreign(line) == twr.Entry(received_ns, 0, kind, b'{"u":1}')


@pytest.mark.parametrize("line", [b"", b"hello", b"wss://ws.test <-> 1618678132.38", b"12", b"1 2"])
def test_events_and_strangers_are_no_message(line: bytes) -> None:
    assert opening.read_foreign(line) is None


def test_a_capture_cut_in_mid_line_is_refused(tmp_path) -> None:
    ours = packed(tmp_path / "a.twr", HEAD.to_line() + LINE + LINE[:-1])
    with pytest.raises(errors.CaptureError, match="last line is cut off"):
        list(opening.open_capture(ours).entries())
    theirs = tmp_path / "b.txt"
    theirs.write_bytes(b'1723161253937085768 {"u":1}\n1723161253937085769 {"u":')
    with pytest.raises(errors.CaptureError, match="last line is cut off"):
        list(opening.open_capture(theirs).entries())


def test_a_foreign_capture_without_its_last_newline_is_whole(tmp_path) -> None:
    path = tmp_path / "b.txt"
    path.write_bytes(b'{"u":1}\n{"u":2}')
    assert len(list(opening.open_capture(path).entries())) == 2


def test_a_bad_checksum_is_refused(tmp_path) -> None:
    path = packed(tmp_path / "a.twr", HEAD.to_line() + LINE)
    path.with_name("a.twr.sha256").write_text("0" * 64 + "  a.twr\n")
    with pytest.raises(errors.CaptureError, match="SHA-256"):
        opening.open_capture(path)


def test_an_unknown_version_and_an_empty_capture_are_refused(tmp_path) -> None:
    later = packed(tmp_path / "later.twr", HEAD.to_line().replace(b'"twr":1', b'"twr":2') + LINE)
    with pytest.raises(errors.CaptureError, match="version 2"):
        opening.open_capture(later)
    empty = tmp_path / "empty.twr"
    empty.write_bytes(b"")
    with pytest.raises(errors.CaptureError, match="nothing in it"):
        opening.open_capture(empty)


def test_a_damaged_manifest_is_said(tmp_path) -> None:
    path = packed(tmp_path / "a.twr", HEAD.to_line() + LINE)
    path.with_name("a.twr.manifest.json").write_text("{")
    with pytest.raises(errors.CaptureError, match=r"manifest\.json"):
        opening.open_capture(path)
