import io
import json

from tickwork_services.telemetry import logs


def test_a_line_is_json_with_what_is_bound_and_without_secrets():
    stream = io.StringIO()
    lines = logs.LogLines(stream)
    log = logs.make_logger(lines, {"unit": "group/unit", "incarnation": 2})
    log.bind(component="book").warning("gap", instrument="BTCUSDT", api_key="abc", token="def")
    line = json.loads(stream.getvalue())
    assert line.pop("at_unix_ns") > 0
    assert line == {
        "unit": "group/unit",
        "incarnation": 2,
        "component": "book",
        "instrument": "BTCUSDT",
        "api_key": "***",
        "token": "***",
        "event": "gap",
        "level": "warning",
    }


def test_the_last_lines_are_kept_up_to_their_bound():
    lines = logs.LogLines(io.StringIO())
    for number in range(logs.LAST_LINES_MAX + 5):
        lines.write(str(number))
    assert lines.last()[0] == "5"
    assert len(lines.last()) == logs.LAST_LINES_MAX


def test_an_exception_is_written_with_its_trace():
    stream = io.StringIO()
    log = logs.make_logger(logs.LogLines(stream), {})
    try:
        raise ValueError("told so")
    except ValueError:
        log.exception("failed")
    assert "told so" in json.loads(stream.getvalue())["exception"]
