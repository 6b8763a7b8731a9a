import pathlib

import pytest

from tickwork import errors
from tickwork.kinds import compiler

DEMO = pathlib.Path(__file__).parents[5] / "experiments" / "pipeline" / "demo.yaml"


@pytest.mark.parametrize(
    ("sets", "path", "word"),
    [
        (["pipeline.publish.ringSlots=1000"], "pipeline.publish.ringSlots", "512 and 1024"),
        (["pipeline.pipeBytes=100000"], "pipeline.pipeBytes", "power of two"),
        (["pipeline.pipeBytes=1048576"], "pipeline.forwarder.frameBytesMax", "quarter"),
        (["pipeline.venue.twin=null"], "pipeline.book.proof", "truth"),
        (["pipeline.venue.channels=[depth]"], "pipeline.book.proof", "bookTicker"),
        (["pipeline.venue.channels=[bookTicker]"], "pipeline.venue.channels", "depth"),
        (["pipeline.publish.tcp=null"], "pipeline.consumers.1.transport", "publish.tcp"),
        (["pipeline.consumers.0.transport=kafka"], "pipeline.consumers.0.transport", "not built"),
        (["pipeline.consumers.0.transport=memory"], "pipeline.consumers.0.transport", "shm"),
        (["pipeline.consumers.0.group=far"], "pipeline.consumers.0.transport", "tcp"),
        (["pipeline.consumers.0.group=venue"], "pipeline.consumers.0.group", "its own"),
        (["pipeline.consumers.1.name=shm"], "pipeline.consumers.1.name", "another unit"),
        (["pipeline.consumers.1.name=book"], "pipeline.consumers.1.name", "another unit"),
        (["pipeline.venue.instruments.1=BTCUSDT"], "pipeline.venue.instruments.1", "duplicate"),
        (["pipeline.venue.instruments.1=btcusdt"], "pipeline.venue.instruments.1", "symbol"),
        (["pipeline.record={}"], "pipeline.record", "one of file and directory"),
        (["pipeline.record={file: a, directory: b}"], "pipeline.record", "one of file"),
        (["pipeline.record={file: a}", "repeats=2"], "pipeline.record.file", "one Block"),
        (
            ["pipeline.record={file: a, bufferBytes: 100000}"],
            "pipeline.record.bufferBytes",
            "power of two",
        ),
        (["pipeline.consumers.1.name=recorder"], "pipeline.consumers.1.name", "another unit"),
        (
            ["pipeline.venue.twin.replay={capture: a.twr}"],
            "pipeline.venue.twin.faults",
            "played as it is",
        ),
        (
            ["pipeline.venue.twin.replay={capture: a.twr, speed: fast}"],
            "pipeline.venue.twin.replay.speed",
            "should match",
        ),
        (["pipeline.cpus={nobody: [0]}"], "pipeline.cpus.nobody", "no such unit"),
        (["pipeline.cpus={book: [99999]}"], "pipeline.cpus.book.0", "8191"),
        (["pipeline.cpus={book: [-1]}"], "pipeline.cpus.book.0", "equal to 0"),
        (
            ["pipeline.venue.twin.engine.mix={depth: 0.5}"],
            "pipeline.venue.twin.engine.mix",
            "sum to 1",
        ),
        (
            ["pipeline.venue.endpoint={websocket: 'ws://x', rest: 'http://x'}"],
            "pipeline.venue.endpoint.websocket",
            "twin",
        ),
        (
            ["pipeline.venue.twin=null", "pipeline.venue.endpoint={websocket: 'ws://x'}"],
            "pipeline.venue.endpoint",
            "rest is missing",
        ),
        (
            [
                "pipeline.venue.twin=null",
                "pipeline.venue.endpoint={websocket: 'http://x', rest: 'http://x'}",
            ],
            "pipeline.venue.endpoint.websocket",
            "wss://",
        ),
        (["pipeline.venue.twin.tlsKeyFile=key.pem"], "pipeline.venue.twin", "tlsCertificateFile"),
        (["durationSeconds=13"], "pipeline.venue.twin.faults.8.atSeconds", "by 10 s"),
        (
            ["pipeline.venue.twin.faults.0={atSeconds: 11.8, kind: stall, durationMs: 500}"],
            "pipeline.venue.twin.faults.0.atSeconds",
            "12.3 s",
        ),
        (["pipeline.publish.name=a-name-that-is-32-characters-long"], "pipeline.publish.name", ""),
    ],
)
def test_a_breach_has_its_place_and_says_what_to_do(sets: list[str], path: str, word: str) -> None:
    with pytest.raises(errors.ManifestError) as refused:
        compiler.load_file(DEMO, sets)
    assert [each.text for each in refused.value.mistakes if each.path == path and word in each.text]


def test_names_with_the_arm_must_fit_a_segment() -> None:
    sets = [
        "arms=[{name: a-long-arm-name-x}, {name: b}]",
        "pipeline.publish.name=quite-a-long-name",
    ]
    with pytest.raises(errors.ManifestError, match="at most 31"):
        compiler.load_file(DEMO, sets)


def test_a_consumer_elsewhere_reads_over_tcp() -> None:
    experiment = compiler.load_file(DEMO, ["pipeline.consumers.1.group=far"])
    plan = compiler.compile_experiment(experiment)
    assert [group.name for group in plan.groups] == ["venue", "pipeline", "far"]


def test_more_instruments_than_ids_are_refused() -> None:
    names = ", ".join(f"X{number}" for number in range(65_535))
    sets = [f"pipeline.venue.instruments=[{names}]", "pipeline.venue.twin.faults=[]"]
    with pytest.raises(errors.ManifestError, match="65534"):
        compiler.load_file(DEMO, sets)
