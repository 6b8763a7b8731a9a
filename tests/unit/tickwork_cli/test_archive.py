import hashlib
import io
import tarfile

import pytest
from tickwork_cli import archive


@pytest.fixture
def root(tmp_path):
    (tmp_path / "blocks" / "000-main").mkdir(parents=True)
    (tmp_path / "blocks" / "000-main" / "hops.hlog").write_bytes(b"\x01" * 100_000)
    (tmp_path / "results.json").write_text("{}\n")
    (tmp_path / "empty").write_text("")
    (tmp_path / archive.CONCLUDED).write_text("\n")
    (tmp_path / "link").symlink_to("results.json")
    return tmp_path


def test_the_stream_holds_every_file_but_the_mark(root) -> None:
    into = io.BytesIO()
    archive.write(root, into)
    into.seek(0)
    with tarfile.open(fileobj=into) as read:
        names = read.getnames()
        assert names == ["blocks/000-main/hops.hlog", "empty", "results.json"]
        assert read.extractfile("blocks/000-main/hops.hlog").read() == b"\x01" * 100_000
        assert {entry.uid for entry in read} == {0}


def test_the_measure_is_that_of_the_stream_every_time(root) -> None:
    into = io.BytesIO()
    archive.write(root, into)
    measured = archive.measure(root)
    assert measured.size_bytes == len(into.getvalue())
    assert measured.sha256 == hashlib.sha256(into.getvalue()).hexdigest()
    assert archive.measure(root) == measured


def test_a_file_is_never_read_as_a_whole(root) -> None:
    class Largest:
        bytes_max = 0

        def write(self, data: bytes, /) -> int:
            self.bytes_max = max(self.bytes_max, len(data))
            return len(data)

    (root / "large").write_bytes(bytes(8 << 20))
    largest = Largest()
    archive.write(root, largest)
    assert largest.bytes_max <= 1 << 20
