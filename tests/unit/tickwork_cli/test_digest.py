import json

import pytest
import synthetic_run
from tickwork_analysis import summary
from tickwork_cli import digest

from tickwork import errors
from tickwork.conductor.outcome import Failure, Outcome


def many(questions: int) -> dict:
    hop = {"name": "endToEnd", "arm": "split", "n": 10**6, "p50Ns": 1, "p99Ns": 2}
    return {"status": "complete", "exitCode": 0, "collected": True, "questions": [hop] * questions}


def test_a_digest_fits_a_termination_message() -> None:
    text = digest.to_json(many(200))
    assert len(text.encode()) <= digest.DIGEST_BYTES_MAX
    kept = json.loads(text)
    assert len(kept["questions"]) + kept["questionsLeftOut"] == 200
    assert json.loads(digest.to_json(many(2))) == many(2)


def test_the_ending_of_a_run_without_results_is_its_failure() -> None:
    failure = Failure("g/a", "UnitDiedError", "Unit g/a died.", last_lines=("one", "two"))
    made = digest.of_outcome(Outcome("failed", 0, (failure,)), "nothing")
    assert (made["status"], made["exitCode"], made["verdict"]) == ("failed", 6, "Unit g/a died.")
    assert digest.failure(failure)["lastLine"] == "two"
    assert digest.of_outcome(Outcome("interrupted", 0), "nothing")["verdict"] == "nothing"


def test_an_error_keeps_its_words_and_code() -> None:
    made = digest.of_error(errors.InputError("It is wrong.", "Mend it."), collected=True)
    assert (made["exitCode"], made["verdict"]) == (2, "It is wrong. Mend it.")
    unexpected = digest.of_error(ValueError("x"), collected=False)
    assert (unexpected["exitCode"], unexpected["collected"]) == (1, False)
    assert unexpected["verdict"] == "ValueError: x"


def test_start_and_skew_are_those_of_the_journal() -> None:
    blocks = [{"startUnixNs": 5, "skewNs": 2}, {"startUnixNs": 9, "skewNs": 7}]
    assert digest.start({"blocks": blocks}) == {"startUnixNs": 5, "skewNs": 7}
    assert digest.start({}) == {"startUnixNs": None, "skewNs": None}


def test_long_texts_are_cut() -> None:
    assert len(digest.cut("x" * 10_000)) == digest.TEXT_CHARACTERS_MAX
    assert digest.cut("short") == "short"


@pytest.mark.parametrize("written", ["\N{CHART WITH UPWARDS TREND}", "ж", "\x01", '"', "x"])
def test_long_texts_of_any_script_keep_their_beginning(written: str) -> None:
    failure = Failure("g/a", "RunError", "Broken: " + written * 900, last_lines=(written * 900,))
    made = digest.of_outcome(Outcome("failed", 0, (failure,)), "nothing")
    text = digest.to_json({**made, "failure": digest.failure(failure)})
    assert len(text.encode()) <= digest.DIGEST_BYTES_MAX
    kept = json.loads(text)
    assert kept["verdict"].startswith("Broken: ")
    assert kept["failure"]["unit"] == "g/a"
    assert kept["failure"]["text"].rstrip("…").endswith(written)
    assert set(kept["failure"]["lastLine"]) == {written, "…"}


def test_what_is_no_utf8_is_written_all_the_same() -> None:
    error = OSError("no such file: \udcff.bin")
    made = digest.of_error(error, collected=False)
    assert json.loads(digest.to_json(made))["verdict"] == "OSError: no such file: ?.bin"


def test_a_digest_that_nothing_makes_shorter_says_the_least() -> None:
    least = {"status": "failed", "exitCode": 1, "collected": True}
    assert json.loads(digest.to_json({**least, "more": ["x" * 5000]})) == least


def test_the_whole_way_stands_before_its_parts(tmp_path) -> None:
    found = summary.summarise(synthetic_run.write_run(tmp_path / "run"))
    names = [each["name"] for each in digest.of_results(found.results, 0)["questions"]]
    assert names[0] == "endToEnd"
    assert sorted(names) == sorted(hop.name for hop in found.results.hops)
