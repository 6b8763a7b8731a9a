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
    (tmp_path / archive.WRITTEN).write_text("\n")
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


def test_a_run_is_concluded_by_its_writer_or_by_the_writers_end(tmp_path) -> None:
    mark = archive.Mark(tmp_path)
    assert not archive.is_concluded(tmp_path), "nobody has begun"
    mark.make()
    assert not archive.is_concluded(tmp_path), "it is written"
    mark.close()
    assert archive.is_abandoned(tmp_path)
    assert archive.is_concluded(tmp_path)
    assert list(archive.list_files(tmp_path)) == []


def test_a_run_that_its_writer_concluded_was_not_given_up(tmp_path) -> None:
    mark = archive.Mark(tmp_path)
    mark.make()
    mark.conclude()
    assert archive.is_concluded(tmp_path)
    assert not archive.is_abandoned(tmp_path)


def test_what_was_never_begun_cannot_be_concluded(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match="never begun"):
        archive.Mark(tmp_path).conclude()
    assert list(tmp_path.iterdir()) == []


def test_a_mark_that_cannot_be_locked_is_nobodys_end(tmp_path, monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no locks")

    monkeypatch.setattr(archive.fcntl, "flock", refuse)
    mark = archive.Mark(tmp_path)
    mark.make()
    assert not archive.is_concluded(tmp_path)
    mark.conclude()
    assert archive.is_concluded(tmp_path)
