"""One minute of market, three ways: as it ran, as it was audited, as it was played again."""

import hashlib
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys

import pytest
from tickwork_cli import main
from tickwork_services import audit
from tickwork_services.capture import manifest, opening
from tickwork_services.record import frame

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("pipeline")]
FOLDER = pathlib.Path(__file__).parents[2] / "experiments" / "pipeline"
LIVE = 2
Rows = dict[tuple[int, int], bytes]
CALM = (
    "durationSeconds=5",
    "pipeline.venue.twin.faults=[]",
    "pipeline.venue.twin.engine.messagesPerSecond=1000",
    "pipeline.publish.tcp.port=null",
)


def call(verb: str, *arguments: str, sets: tuple[str, ...] = ()) -> int:
    own = (f"pipeline.publish.name=r-{os.getpid()}", *sets)
    return main.main([verb, *arguments, *(part for each in own for part in ("--set", each))])


def rows_of(data: bytes) -> Rows:
    """Returns the LIVE rows of a proof by instrument and update id."""
    rows = (data[at : at + 64] for at in range(0, len(data) // 64 * 64, 64))
    return {
        (*struct.unpack_from("<H", row), *struct.unpack_from("<Q", row, 16)): row
        for row in rows
        if row[2] == LIVE
    }


def proof_of(runs: pathlib.Path) -> Rows:
    [proof] = (runs / "latest" / "blocks").glob("**/proof.bin")
    return rows_of(proof.read_bytes())


def facts_of(runs: pathlib.Path, unit: str, component: str) -> dict:
    [counters] = (runs / "latest" / "blocks").glob(f"*/{unit}/counters.json")
    return json.loads(counters.read_text())["components"][component]["facts"]


def audited(recording: pathlib.Path) -> Rows:
    capture = opening.open_capture(recording)
    assert capture.head is not None
    native = audit.make_native(capture.head.venue, keep_rows=True)
    audit.feed(native, capture)
    native.finish()
    return rows_of(native.rows())


def test_record_replay_and_audit_agree_to_the_digest(tmp_path) -> None:
    recording, first, second = tmp_path / "demo.twr", tmp_path / "first", tmp_path / "second"
    arguments = (str(recording), "--experiment", str(FOLDER / "demo.yaml"), "-o", str(first))
    assert call("record", *arguments, sets=(*CALM, "pipeline.forwarder.lines=1")) == 0
    [sent] = facts_of(first, "venue/twin", "twin")["lines"]
    [recorded] = facts_of(first, "pipeline/recorder", "recorder")["connections"]
    assert recorded["sha256"] == sent["sha256"]
    assert recorded["payloads"] == sent["payloads"] > 1000
    assert manifest.is_whole(recording)

    assert call("replay", str(recording), "--speed", "max", "-o", str(second)) == 0
    assert_same(proof_of(first), proof_of(second), audited(recording))
    assert main.main(["audit", str(recording), "--json"]) == 0


def test_two_recorded_lines_are_merged_and_replayed_on_two(tmp_path) -> None:
    recording, first, second = tmp_path / "demo.twr", tmp_path / "first", tmp_path / "second"
    arguments = (str(recording), "--experiment", str(FOLDER / "demo.yaml"), "-o", str(first))
    assert call("record", *arguments, sets=CALM) == 0
    assert len(facts_of(first, "venue/twin", "twin")["lines"]) == 2
    replay = (
        f"pipeline.venue.twin.replay={{capture: {recording}, speed: 2}}",
        "durationSeconds=6",
    )
    assert call("run", str(FOLDER / "replay.yaml"), "-o", str(second), sets=replay) == 0
    played = facts_of(second, "venue/twin", "twin")["replay"]
    assert played["finished"]
    assert played["sent"] == played["messages"] > 1000
    assert_same(proof_of(first), proof_of(second), audited(recording))


def assert_same(ran: Rows, again: Rows, proven: Rows) -> None:
    """Every id that was LIVE as it ran has the same row in both others."""
    assert len(ran) > 500
    assert {key: again.get(key) for key in ran} == ran
    assert {key: proven.get(key) for key in ran} == ran


def test_a_foreign_capture_is_replayed_as_it_is_audited(tmp_path) -> None:
    if "TICKWORK_RECORDINGS" not in os.environ:
        pytest.skip("TICKWORK_RECORDINGS is not set: no captures on this machine")
    capture = pathlib.Path(os.environ["TICKWORK_RECORDINGS"]) / "binance-spot/btcusdt_20240808.gz"
    found = audit.audit_captures([capture], "binance-spot").finding
    arguments = (str(capture), "--venue", "binance-spot", "--speed", "max", "-o", str(tmp_path))
    assert call("replay", *arguments) == 0
    book = json.loads((tmp_path / "latest" / "results.json").read_text())["book"]
    assert book["updates"] == book["compared"] == book["equal"] == found["applied"] > 1000
    assert book["tickerEqual"] == found["tickerEqual"] > 100


def in_small_disk(directory: pathlib.Path, command: list[str]) -> subprocess.CompletedProcess:
    """Runs ``command`` where ``directory`` is a file system of 256 KiB; keeps what it holds."""
    kept = directory.with_name("kept")
    kept.mkdir()
    script = (
        f"mount -t tmpfs -o size=256k tmpfs {directory} || exit 77; "
        f'"$@"; code=$?; cp {directory}/* {kept}; exit $code'
    )
    return subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", *command],
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
    )


def test_a_full_disk_ends_the_recording_and_not_the_pipeline(tmp_path) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare on this machine")
    disk = tmp_path / "disk"
    disk.mkdir()
    command = [sys.executable, "-m", "tickwork_cli.main", "record", str(disk / "a.twr")]
    command += ["--experiment", str(FOLDER / "demo.yaml"), "-o", str(tmp_path / "runs")]
    rate = "pipeline.venue.twin.engine.messagesPerSecond=4000"
    for each in (f"pipeline.publish.name=f-{os.getpid()}", *CALM, rate):
        command += ["--set", each]
    ended = in_small_disk(disk, command)
    if ended.returncode == 77 or "unshare" in ended.stderr:
        pytest.skip(f"no mount namespace of one's own here: {ended.stderr.strip()}")
    assert ended.returncode == 1, ended.stdout + ended.stderr

    results = json.loads((tmp_path / "runs" / "latest" / "results.json").read_text())
    assert results["status"] == "complete"
    assert results["book"]["equal"] == results["book"]["compared"] > 500
    assert results["losses"]["frames"] == 0
    [recording] = results["recordings"]
    assert recording["status"] == "partial"
    assert "No space left on device" in recording["reason"]
    assert recording["unrecorded"] > 0

    kept = tmp_path / "kept" / "a.twr"
    content = manifest.read(kept)
    assert content is not None
    assert content["status"] == "partial"
    capture = opening.open_capture(kept)
    entries = list(capture.entries())
    assert len(entries) == content["frames"] == recording["frames"] > 0
    of_first = [each for each in content["connections"] if each["id"] == 1]
    of_text = [each.payload for each in entries if (each.connection, each.kind) == (1, frame.TEXT)]
    assert hashlib.sha256(b"".join(of_text)).hexdigest() == of_first[0]["sha256"]
