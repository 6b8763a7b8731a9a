import pytest
from tickwork_cli import progress

from tickwork.conductor import events

SECOND = 1_000_000_000


def _progressed(elapsed_s: int, **counters: int) -> events.Progressed:
    named = {name.replace("_", ".", 1): value for name, value in counters.items()}
    return events.Progressed("000-main", elapsed_s * SECOND, 15 * SECOND, {"pipeline/x": named})


def test_a_line_a_second_with_rates_since_the_second_before() -> None:
    lines: list[str] = []
    watched = progress.Progress(lines.append)
    watched.report(
        _progressed(
            1,
            forwarder_frames=5_000,
            book_updates=4_000,
            book_instruments=2,
            book_liveNs=SECOND,
            book_gaps=0,
            book_openGaps=0,
        )
    )
    watched.report(
        _progressed(
            2,
            forwarder_frames=11_000,
            book_updates=9_000,
            book_instruments=2,
            book_liveNs=3 * SECOND,
            book_gaps=3,
            book_openGaps=1,
            hops_endToEndP50Ns=48_000,
            forwarder_dropped=7,
        )
    )
    assert "5,000 frames/s" in lines[0]
    assert "LIVE 50%" in lines[0]
    for words in (
        "2.0 / 15 s", "6,000 frames/s", "5,000 updates/s", "LIVE 100%", "gaps 3 (1 open)",
        "end to end 48.0 µs", "dropped 7",
    ):  # fmt: skip
        assert words in lines[1]


def test_rates_begin_anew_with_a_block() -> None:
    lines: list[str] = []
    watched = progress.Progress(lines.append)
    watched.report(_progressed(10, forwarder_frames=50_000))
    watched.report(events.BlockStarted(1, 2, "001-split", "split", 0, 15 * SECOND))
    watched.report(_progressed(1, forwarder_frames=51_000))
    assert "block 001-split (2 of 2)" in lines[1]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (events.AllReady(7, 2 * SECOND), "7 units ready after 2.0 s"),
        (events.BlockStopped("000-main", 12), "12 records were not drained"),
        (events.BlockStopped("000-main", 0), ""),
        (events.UnitRestarted("pipeline/book", 2), "incarnation 2"),
        (events.UnitFailed("venue/twin", "X", "It broke.", "Mend it."), "It broke. Mend it."),
        (events.Interrupted(), "once more ends at once"),
        (events.UnitReady("pipeline/book", 1), ""),
    ],
)
def test_what_happens_once_is_one_line_or_none(event: events.Event, words: str) -> None:
    line = progress.describe(event)
    assert (words in line) if words else line == ""


def test_medians_are_not_added_up() -> None:
    counters = {
        "pipeline/shm": {"hops.readP50Ns": 10, "shm.received": 1},
        "pipeline/tcp": {"hops.readP50Ns": 30, "tcp.received": 2},
    }
    assert progress.totals(counters) == {
        "hops.readP50Ns": 10, "shm.received": 1, "tcp.received": 2,
    }  # fmt: skip
