import json

from tickwork.conductor import crew

FAILED = json.dumps(
    {
        "event": "failed",
        "error": "PortTakenError",
        "text": "Metrics cannot listen on 127.0.0.1:5.",
        "remedy": "Choose another port.",
    }
)


def test_last_words_are_the_failure_that_was_logged_last() -> None:
    lines = (json.dumps({"event": "ready"}), FAILED, "no JSON at all", '"text"')
    said = crew.last_words("g/u", lines)
    assert said is not None
    assert (said.unit, said.error, said.exit_code) == ("g/u", "PortTakenError", 5)
    assert said.remedy == "Choose another port."
    assert said.last_lines == lines


def test_who_said_nothing_has_no_last_words() -> None:
    assert crew.last_words("g/u", ("Traceback", json.dumps({"event": "ready"}))) is None
    assert crew.last_words("g/u", ()) is None


def test_words_of_an_earlier_incarnation_do_not_count() -> None:
    assert crew.last_words("g/u", (FAILED, json.dumps({"event": "started"}))) is None
