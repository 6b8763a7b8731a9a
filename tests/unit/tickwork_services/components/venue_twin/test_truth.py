"""The truth file, and how it is spoiled on purpose."""

import pathlib

from tickwork_services.components.venue_twin import truth

from tickwork import run_directory


def test_every_nth_row_is_spoiled_in_its_digest_only(tmp_path: pathlib.Path) -> None:
    row = bytes(range(64))
    file = truth.TruthFile(tmp_path, 3)
    for _ in range(7):
        file.write(row)
    file.close()
    data = (tmp_path / run_directory.TRUTH).read_bytes()
    rows = [data[at : at + 64] for at in range(0, len(data), 64)]
    assert [each == row for each in rows] == [True, True, False, True, True, False, True]
    assert [at for at in range(64) if rows[2][at] != row[at]] == [truth.DIGEST_AT]
    assert (file.rows, file.corrupted) == (7, 2)


def test_nothing_is_spoiled_unless_asked_for(tmp_path: pathlib.Path) -> None:
    file = truth.TruthFile(tmp_path, 0)
    for _ in range(5):
        file.write(b"\0" * 64)
    file.close()
    assert (tmp_path / run_directory.TRUTH).read_bytes() == b"\0" * 320
    assert file.corrupted == 0
