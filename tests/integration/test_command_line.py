"""The command line as a person meets it: a process, its streams, its exit code."""

import gzip
import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
TICKWORK = pathlib.Path(sys.executable).parent / "tickwork"
SPOT = ("binance-spot/btcusdt_20240808.gz", "binance-spot/btcusdt_20240809.gz")
USDM = "binance-usdm/btcusdt_20240808.gz"


def call(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(TICKWORK), *arguments],
        cwd=ROOT,
        env=dict(os.environ) | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def recordings() -> pathlib.Path:
    found = os.environ.get("TICKWORK_RECORDINGS")
    if not found:
        pytest.skip("TICKWORK_RECORDINGS is not set: there are no captures to audit")
    return pathlib.Path(found)


def test_audit_of_both_spot_captures_prints_the_checked_values(recordings: pathlib.Path) -> None:
    captures = [str(recordings / name) for name in SPOT]
    done = call("audit", *captures, "--venue", "binance-spot", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    values = {
        "messages": 99_574, "diffs": 6_495, "applied": 6_493, "beforeSnapshot": 2, "gaps": 0,
        "crossed": 0, "tickerCompared": 1_072, "tickerEqual": 1_072, "unparsed": 0,
    }  # fmt: skip
    assert {name: found[name] for name in values} == values
    (book,) = found["books"]
    assert (book["bid"], book["ask"]) == ("61602.01", "61602.02")
    assert (book["bidQuantity"], book["askQuantity"]) == ("1.67177", "2.66795")
    assert book["levels"] == {"bids": 1_971, "asks": 2_962}
    span = found["receiveMinusEventMs"]
    assert (round(span["min"], 2), round(span["max"], 2)) == (-1276.67, -1249.98)


def test_audit_without_json_is_readable(recordings: pathlib.Path) -> None:
    done = call("audit", str(recordings / USDM), "--venue", "binance-usdm")
    assert done.returncode == 0
    assert "629" in done.stdout
    assert "BTCUSDT: LIVE" in done.stdout


def test_audit_with_one_diff_removed_exits_3(
    recordings: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    lines = gzip.decompress((recordings / USDM).read_bytes()).splitlines(keepends=True)
    diffs = [place for place, line in enumerate(lines) if b'"depthUpdate"' in line]
    del lines[diffs[500]]
    path = tmp_path / "gap.txt"
    path.write_bytes(b"".join(lines))
    done = call("audit", str(path), "--venue", "binance-usdm", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["gaps"]) == (3, 1)
    assert found["books"][0]["state"] != "LIVE"


def test_audit_with_nothing_to_compare_exits_4(
    recordings: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    lines = gzip.decompress((recordings / USDM).read_bytes()).splitlines(keepends=True)
    path = tmp_path / "diffs.txt"
    path.write_bytes(b"".join(line for line in lines if b"bookTicker" not in line))
    assert call("audit", str(path), "--venue", "binance-usdm").returncode == 4


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["audit", "none.gz", "--venue", "binance-spot"], 2, "none.gz"),
        (["audit", "README.md", "--venue", "kraken"], 2, "invalid choice"),
        (["run", "none.yaml"], 2, "none.yaml"),
        (["run", "experiments/pipeline/demo.yaml", "--set", "seed"], 2, "seed"),
        (["run", "experiments/pipeline/demo.yaml", "-o", "/proc/none"], 2, "/proc/none"),
        (["validate", "README.md"], 2, "README.md"),
        (["inspect", "no-such-run"], 2, "no-such-run"),
        (["inspect", "README.md"], 2, "README.md"),
        (["plan"], 2, "FILE"),
    ],
)
def test_mistake_of_a_person_is_no_traceback(arguments: list[str], code: int, words: str) -> None:
    done = call(*arguments)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_plain_text_where_no_terminal_is_attached() -> None:
    done = call("plan", "experiments/pipeline/demo.yaml", NO_COLOR="1")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout


def test_closed_pipe_is_no_error() -> None:
    command = f"{TICKWORK} plan experiments/pipeline/fused-against-split.yaml | head -1"
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("fused-against-split")
    assert done.stderr == ""


def test_an_output_that_is_full_is_no_defect_of_ours() -> None:
    command = f"{TICKWORK} plan experiments/pipeline/demo.yaml --json > /dev/full"
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "refused" in done.stderr
    assert "defect" not in done.stderr
