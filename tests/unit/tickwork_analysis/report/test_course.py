from tickwork_analysis.questions import moments, states
from tickwork_analysis.report import course

DROP = moments.Fault(10.8, "000-main", "drop", "BNBUSDT", 1, 2)
SHUTDOWN = moments.Fault(11.9, "000-main", "serverShutdown", None, 1, 1)
CUT = moments.Fault(13.9, "000-main", "disconnect", None, 1, 2)


def _gap(from_s: float, instrument: str) -> states.Gap:
    return states.Gap(from_s, from_s + 1, "000-main", instrument, 1, 1, (40.0,))


def test_gap_belongs_to_the_last_fault_that_met_its_book() -> None:
    gaps = [_gap(10.2, "BNBUSDT"), _gap(13.2, "BNBUSDT"), _gap(13.2, "BTCUSDT")]
    found = course.causes([DROP, SHUTDOWN, CUT], gaps)
    assert found == {DROP: gaps[:1], CUT: gaps[1:]}


def test_gap_long_after_every_fault_belongs_to_none() -> None:
    assert course.causes([DROP], [_gap(14.0, "BNBUSDT"), _gap(10.2, "BTCUSDT")]) == {}
