import fcntl
import os
import pathlib
import struct
import threading

import pytest

from tickwork import errors
from tickwork.local import claim, segments


def hold(path: pathlib.Path, byte: int) -> int:
    """Holds an OFD write lock on one byte of ``path``, as a writer or a pipe's reader does."""
    descriptor = os.open(path, os.O_RDWR)
    asked = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0)
    fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, asked)
    return descriptor


def test_names_are_claimed_and_removed(tmp_path: pathlib.Path) -> None:
    base = tmp_path / "shm"
    held = segments.claim_names(("demo-a", "demo-b"), base)
    assert sorted(path.name for path in base.iterdir()) == ["demo-a", "demo-b"]
    held.remove()
    assert not base.exists()


def test_a_name_in_use_is_refused_and_nothing_stays_claimed(tmp_path: pathlib.Path) -> None:
    first = segments.claim_names(("b",), tmp_path)
    with pytest.raises(errors.MissingError, match="name b is in use"):
        segments.claim_names(("a", "b"), tmp_path)
    segments.claim_names(("a",), tmp_path).remove()
    first.remove()


@pytest.mark.parametrize("byte", [0, 1])
def test_locks_of_writer_and_reader_are_seen(tmp_path: pathlib.Path, byte: int) -> None:
    segment = tmp_path / "book"
    segment.write_bytes(b"0" * 4096)
    assert segments.holders(tmp_path) == []
    descriptor = hold(segment, byte)
    assert segments.holders(tmp_path) == [segment]
    os.close(descriptor)
    assert segments.holders(tmp_path) == []


def test_leftovers_are_cleaned_unless_somebody_holds_them(tmp_path: pathlib.Path) -> None:
    for name in ("dead", "held", "foreign"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "book").write_bytes(b"0" * 4096)
    for name in ("dead", "held"):
        (tmp_path / name / claim.CLAIM_FILE).touch()
    descriptor = hold(tmp_path / "held" / "book", 0)
    mine = segments.claim_names(("mine",), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["foreign", "held", "mine"]
    os.close(descriptor)
    mine.remove()


def test_what_a_dead_run_left_under_the_name_is_removed(tmp_path: pathlib.Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "book").write_bytes(b"old")
    held = segments.claim_names(("demo",), tmp_path)
    assert not (tmp_path / "demo" / "book").exists()
    held.remove()


def test_a_directory_of_somebody_else_is_refused(tmp_path: pathlib.Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(errors.MissingError, match="somebody else"):
        segments.claim_names(("demo",), tmp_path / "link")


def test_runs_that_begin_and_end_together_do_not_disturb_each_other(tmp_path) -> None:
    base, broken = tmp_path / "base", []

    def go(own: str) -> None:
        try:
            for _ in range(200):
                segments.claim_names([own], base).remove()
        except Exception as error:
            broken.append(error)

    threads = [threading.Thread(target=go, args=(own,)) for own in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken == []
    assert not base.exists()
