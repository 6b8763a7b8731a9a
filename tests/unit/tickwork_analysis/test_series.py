import pathlib

import pytest
from tickwork_analysis import series

from tickwork import errors

LINE = '{"atUnixNs":5,"counters":{"a":{"n":1}},"links":{},"books":{}}'


def test_torn_last_line_is_left_out(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "series.ndjson"
    path.write_text(f'{LINE}\n{LINE}\n{{"atUnix')
    assert [point.at_unix_ns for point in series.read_points(path)] == [5, 5]


@pytest.mark.parametrize("bad", ["nothing", "[]", "{}", '{"atUnixNs":1}'])
def test_other_broken_line_is_one_sentence(tmp_path: pathlib.Path, bad: str) -> None:
    path = tmp_path / "series.ndjson"
    path.write_text(f"{bad}\n{LINE}\n")
    with pytest.raises(errors.ResultError, match="line 1"):
        series.read_points(path)
