"""One minute of market, three ways: as it ran, as it was audited, as it was played again."""

import json
import os
import pathlib
import struct

import pytest
from tickwork_cli import main
from tickwork_services import audit
from tickwork_services.capture import manifest, opening

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("pipeline")]
FOLDER = pathlib.Path(__file__).parents[2] / "experiments" / "pipeline"
LIVE = 2
CALM = (
    "durationSeconds=6",
    "pipeline.venue.twin.faults=[]",
    "pipeline.venue.twin.engine.messagesPerSecond=800",
    "pipeline.publish.tcp.port=null",
)


def call(verb: str, *arguments: str, sets: tuple[str, ...] = ()) -> int:
    own = (f"pipeline.publish.name=r-{os.getpid()}", *sets)
    return main.main([verb, *arguments, *(part for each in own for part in ("--set", each))])


def rows_of(data: bytes) -> dict[tuple[int, int], bytes]:
    """Returns the LIVE rows of a proof by instrument and update id."""
    rows = (data[at : at + 64] for at in range(0, len(data) // 64 * 64, 64))
    return {
        (*struct.unpack_from("<H", row), *struct.unpack_from("<Q", row, 16)): row
        for row in rows
        if row[2] == LIVE
    }


def proof_of(runs: pathlib.Path) -> dict[tuple[int, int], bytes]:
    [proof] = (runs / "latest" / "blocks").glob("**/proof.bin")
    return rows_of(proof.read_bytes())


def facts_of(runs: pathlib.Path, unit: str, component: str) -> dict:
    [counters] = (runs / "latest" / "blocks").glob(f"*/{unit}/counters.json")
    return json.loads(counters.read_text())["components"][component]["facts"]


def audited(recording: pathlib.Path) -> dict[tuple[int, int], bytes]:
    capture = opening.open_capture(recording)
    assert capture.head is not None
    native = audit.make_native(capture.head.venue, keep_rows=True)
    audit.feed(native, capture)
    native.finish()
    return rows_of(native.rows())


@pytest.mark.parametrize("lines", [1, 2])
def test_record_replay_and_audit_agree_to_the_digest(tmp_path, lines: int) -> None:
    recording, first, second = tmp_path / "demo.twr", tmp_path / "first", tmp_path / "second"
    demo = str(FOLDER / "demo.yaml")
    sets = (*CALM, f"pipeline.forwarder.lines={lines}")
    arguments = (str(recording), "--experiment", demo, "-o", str(first))
    assert call("record", *arguments, sets=sets) == 0
    sent = facts_of(first, "venue/twin", "twin")["lines"]
    recorded = facts_of(first, "pipeline/recorder", "recorder")["connections"]
    assert len(sent) == lines
    if lines == 1:
        assert [each["sha256"] for each in recorded] == [each["sha256"] for each in sent]
        assert recorded[0]["payloads"] == sent[0]["payloads"] > 1000
    assert manifest.is_whole(recording)

    assert call("replay", str(recording), "--speed", "max", "-o", str(second)) == 0
    ran, again, proven = proof_of(first), proof_of(second), audited(recording)
    assert len(ran) > 500
    assert {key: again.get(key) for key in ran} == ran
    assert {key: proven.get(key) for key in ran} == ran
    assert main.main(["audit", str(recording), "--json"]) == 0


def test_the_experiment_replays_what_was_recorded(tmp_path) -> None:
    recording = tmp_path / "demo.twr"
    demo = str(FOLDER / "demo.yaml")
    arguments = (str(recording), "--experiment", demo, "-o", str(tmp_path / "first"))
    assert call("record", *arguments, sets=CALM) == 0
    replay = (
        f"pipeline.venue.twin.replay={{capture: {recording}, speed: 2}}",
        "durationSeconds=8",
    )
    runs = tmp_path / "second"
    assert call("run", str(FOLDER / "replay.yaml"), "-o", str(runs), sets=replay) == 0
    played = facts_of(runs, "venue/twin", "twin")["replay"]
    assert played["finished"]
    assert played["sent"] == played["messages"] > 1000
