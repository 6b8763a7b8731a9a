import pytest
from tickwork_analysis import results, verdict


def book(**values: object) -> results.Book:
    fields: dict[str, object] = {
        "instruments": 1, "updates": 100, "live_share": 1.0, "compared": 100, "equal": 100,
        "ticker_compared": 10, "ticker_equal": 10, "ticker_unpaired": 0, "gaps": 0, "resyncs": 0,
        "open_gaps": 0, "resync_ms": results.Resyncs(),
    }  # fmt: skip
    return results.Book.model_validate(fields | values)


def losses(scheduled: int = 0, injected: int = 0) -> results.Losses:
    return results.Losses(
        scheduled=scheduled, injected=injected, frames=0, records=0, unparsed=0,
        tcp_clients_cut=0, buffers_full=0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "code", "words"),
    [
        ({}, 0, "right at every one of 100"),
        ({"gaps": 5}, 0, "5 gaps, all closed"),
        ({"equal": 99}, 3, "1 of 110"),
        ({"ticker_equal": 9}, 3, "1 of 110"),
        ({"open_gaps": 1}, 3, "left open"),
        ({"compared": 0, "equal": 0}, 0, "all 10 comparable tickers"),
        ({"compared": 0, "equal": 0, "ticker_compared": 0, "ticker_equal": 0}, 4, "Nothing"),
        ({"updates": 103}, 4, "Too little"),
        ({"live_share": 0.5}, 0, "LIVE only 50.0%"),
    ],
)
def test_proof_decides(values: dict[str, object], code: int, words: str) -> None:
    found = verdict.decide(verdict.Ending(), book(**values), losses())
    assert (found.exit_code, words in found.text) == (code, True), found.text


def test_how_it_ended_comes_before_what_it_proved() -> None:
    wrong = book(equal=0)
    died = verdict.Ending(died=("pipeline/book",), failures=("x",))
    assert verdict.decide(verdict.Ending(interrupted=True), wrong, losses()).exit_code == 130
    assert verdict.decide(died, wrong, losses()).exit_code == 6
    unattached = verdict.Ending(failures=("links never attached",))
    assert verdict.decide(unattached, wrong, losses()).exit_code == 1


def test_faults_that_never_struck_are_said() -> None:
    found = verdict.decide(verdict.Ending(), book(), losses(scheduled=9, injected=7))
    assert found.text.endswith("2 of 9 scheduled faults never struck.")
    assert found.exit_code == 0
