import pytest
from tickwork_services import survey

from tickwork import errors

DIFF = (
    '{"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","E":1,"T":1,"s":"BTCUSDT",'
    '"U":5,"u":9,"pu":4,"b":[["100.1","2"]],"a":[]}}'
)


def test_a_foreign_capture_is_told_in_the_words_of_an_experiment(tmp_path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(f"1723161253000000000 {DIFF}\n1723161255500000000 {DIFF}\n")
    found = survey.survey(path, "binance-usdm")
    assert found == survey.Survey(
        "binance-usdm", ("BTCUSDT",), ("depth",), 0, 2, 2_500_000_000, True
    )


def test_a_capture_that_does_not_say_its_venue_needs_one(tmp_path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(f"1723161253000000000 {DIFF}\n")
    with pytest.raises(errors.InputError, match="--venue binance-spot"):
        survey.survey(path)
    with pytest.raises(errors.InputError, match="no venue 'kraken'"):
        survey.survey(path, "kraken")
