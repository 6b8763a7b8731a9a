"""Segments as files: rights, versions, boots, full file systems."""

import pathlib
import subprocess
import sys

import pytest
import tickwork_native
from integration.ring import actor

FILL = """
import sys, tickwork_native
try:
    tickwork_native.PipeWriter.create(sys.argv[1] + "/frames", 8 << 20, "frames")
except tickwork_native.SegmentFull as error:
    print(error)
"""


def test_everything_is_for_its_owner_alone(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "demo" / "book"
    writer = actor.publication(path)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert sorted(p.name for p in path.parent.iterdir()) == ["book", "book.readers"]
    assert {p.stat().st_mode & 0o777 for p in path.parent.iterdir()} == {0o600}
    writer.close()


def test_another_layout_version_is_refused_in_one_sentence(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "book"
    actor.publication(path).close()
    with path.open("r+b") as file:
        file.seek(12)
        file.write(b"\x02")
    with pytest.raises(tickwork_native.SegmentRefused) as raised:
        tickwork_native.RingReader.attach(path)
    assert "its layout is version 2 and this reader knows version 1" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_segment_of_an_earlier_boot_is_refused_and_replaced(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "book"
    actor.publication(path).close()
    with path.open("r+b") as file:
        file.seek(48)
        file.write(bytes(16))
    with pytest.raises(tickwork_native.SegmentRefused, match="before this machine started"):
        tickwork_native.RingReader.attach(path)
    writer = actor.publication(path)
    assert not writer.took_over
    assert tickwork_native.RingReader.attach(path).state == "live"
    writer.close()


@pytest.mark.parametrize("content", [b"", b"x" * 100, b"x" * 8192])
def test_what_is_no_segment_is_refused(tmp_path: pathlib.Path, content: bytes) -> None:
    (tmp_path / "book").write_bytes(content)
    with pytest.raises(tickwork_native.SegmentRefused, match="no segment"):
        tickwork_native.inspect_segment(tmp_path / "book")


def test_a_segment_that_was_cut_off_is_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "book"
    actor.publication(path).close()
    with path.open("r+b") as file:
        file.truncate(8192)
    with pytest.raises(tickwork_native.SegmentRefused, match="cut off"):
        tickwork_native.RingReader.attach(path)


@pytest.mark.parametrize(
    ("name", "slots", "text"),
    [("x" * 32, 16, "1 to 31 bytes"), ("demo", 1000, "1024 would do")],
)
def test_a_shape_that_cannot_be_is_refused(
    tmp_path: pathlib.Path, name: str, slots: int, text: str
) -> None:
    with pytest.raises(tickwork_native.SegmentError, match=text):
        tickwork_native.Publication.create(
            tmp_path / "book", name, actor.INSTRUMENTS, slots, 4096, 5
        )
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_creator_left_is_removed(tmp_path: pathlib.Path) -> None:
    (tmp_path / "book.new-1234").write_bytes(b"half")
    actor.publication(tmp_path / "book").close()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["book", "book.readers"]


def test_a_full_file_system_is_an_error_and_no_signal(tmp_path: pathlib.Path) -> None:
    mount = f'mount -t tmpfs -o size=1m none "{tmp_path}"'
    inside = f'{mount} && exec "{sys.executable}" -c "$1" "{tmp_path}"'
    command = ["unshare", "--mount", "sh", "-c", inside, "sh", FILL]
    probe = subprocess.run(
        ["unshare", "--mount", "sh", "-c", mount], check=False, capture_output=True, text=True
    )
    if probe.returncode != 0:
        pytest.skip(f"mounting is not permitted here: {probe.stderr.strip()}")
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "no space is left" in done.stdout
