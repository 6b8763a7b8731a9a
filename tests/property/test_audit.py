"""The native auditor takes any bytes: it counts what it cannot read and never breaks."""

import hypothesis
import tickwork_native
from hypothesis import strategies

LINES = (
    b'1723161253937085768 {"lastUpdateId":10,"bids":[["10.5","1"]],"asks":[["11.5","1"]]}',
    b'1723161253.5: {"e":"depthUpdate","E":1,"s":"BTCUSDT","U":9,"u":11,"b":[["10.6","2"]],"a":[]}',
    b'{"e":"depthUpdate","E":1,"s":"ETHUSDT","U":12,"u":14,"b":[],"a":[["11.4","0"]]}',
    b'1723161253937085769 7 text {"u":11,"s":"BTCUSDT","b":"10.6","B":"2","a":"11.5","A":"1"}',
    b"1723161253937085770 7 closed",
    b"wss://venue.test <-> 1618678132.3858151",
)


@strategies.composite
def captures(draw: strategies.DrawFn) -> bytes:
    """Lines of every form in any order, some with bytes changed, taken out or put in."""
    text = bytearray()
    for line in draw(strategies.lists(strategies.sampled_from(LINES), max_size=12)):
        text += line + b"\n"
    for _ in range(draw(strategies.integers(0, 4))):
        at = draw(strategies.integers(0, len(text)))
        end = at + draw(strategies.integers(0, 3))
        text[at:end] = draw(strategies.binary(max_size=3))
    return bytes(text)


@hypothesis.given(text=captures(), size=strategies.integers(1, 500))
def test_any_bytes_are_read_or_counted(text: bytes, size: int) -> None:
    findings = []
    for step in (size, max(len(text), 1)):
        native = tickwork_native.Audit("binance-spot", keep_rows=True)
        for at in range(0, len(text), step):
            native.feed(text[at : at + step])
        native.end_capture()
        finding = native.finish()
        assert finding["unparsed"] <= finding["messages"]
        assert finding["applied"] + finding["beforeSnapshot"] <= finding["diffs"]
        assert finding["tickerEqual"] <= finding["tickerCompared"]
        assert len(native.rows()) == 64 * finding["applied"]
        findings.append(finding)
    assert findings[0] == findings[1]
