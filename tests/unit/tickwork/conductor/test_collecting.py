import hashlib
import pathlib

import pytest

from tickwork import errors
from tickwork.conductor import collecting


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_files_lie_below_the_unit_without_the_label(tmp_path: pathlib.Path) -> None:
    sink = collecting.Sink(tmp_path, "000-main")
    sink.write("000-main/hops.hlog", 0, b"ab", digest(b"ab"), True)
    sink.write("000-main/inner/proof.bin", 0, b"", digest(b""), True)
    assert sink.finish() == collecting.Collected(2, 2)
    assert (tmp_path / "hops.hlog").read_bytes() == b"ab"
    assert (tmp_path / "inner" / "proof.bin").read_bytes() == b""


def test_a_broken_stream_goes_on_where_it_ended(tmp_path: pathlib.Path) -> None:
    sink = collecting.Sink(tmp_path, "000-main")
    sink.write("000-main/a", 0, b"1234", "", False)
    sink.close()
    assert (sink.path, sink.offset) == ("000-main/a", 4)
    sink.write("000-main/a", 4, b"56", digest(b"123456"), True)
    sink.write("000-main/a", 6, b"", digest(b"123456"), True)
    assert sink.finish() == collecting.Collected(1, 6)
    assert (tmp_path / "a").read_bytes() == b"123456"


def test_a_hole_is_refused(tmp_path: pathlib.Path) -> None:
    sink = collecting.Sink(tmp_path, "000-main")
    sink.write("000-main/a", 0, b"12", "", False)
    with pytest.raises(errors.RunError, match="a chunk at 5 came where 2"):
        sink.write("000-main/a", 5, b"9", "", False)
    sink.close()


def test_a_wrong_digest_is_refused(tmp_path: pathlib.Path) -> None:
    sink = collecting.Sink(tmp_path, "000-main")
    with pytest.raises(errors.RunError, match="digest"):
        sink.write("000-main/a", 0, b"12", digest(b"21"), True)


@pytest.mark.parametrize("path", ["../x", "000-main/../../x", "/etc/x", "000-main", ""])
def test_no_path_leaves_the_run_directory(tmp_path: pathlib.Path, path: str) -> None:
    sink = collecting.Sink(tmp_path / "into", "000-main")
    with pytest.raises(errors.RunError, match="leave"):
        sink.write(path or "/", 0, b"x", digest(b"x"), True)


def test_what_a_dead_unit_left_is_copied(tmp_path: pathlib.Path) -> None:
    (tmp_path / "out/000-main/inner").mkdir(parents=True)
    (tmp_path / "out/000-main/inner/file").write_bytes(b"abc")
    copied = collecting.copy_left_behind(tmp_path / "out", "000-main", tmp_path / "into")
    assert copied == collecting.Collected(1, 3)
    assert (tmp_path / "into/inner/file").read_bytes() == b"abc"
    assert collecting.copy_left_behind(tmp_path / "out", "001-main", tmp_path / "x").files == 0
