from tickwork_cli import audit

FINDING = {
    "messages": 99_574, "diffs": 6_495, "applied": 6_493, "beforeSnapshot": 2, "gaps": 0,
    "crossed": 0, "tickerCompared": 1_072, "tickerEqual": 1_072, "tickerUnpaired": 72_102,
    "unparsed": 0, "receiveMinusEventMs": {"min": -1276.67, "max": -1249.98},
    "books": [{
        "instrument": "BTCUSDT", "state": "GAP", "gapSinceUpdateId": 7, "lastUpdateId": 9,
        "bid": "61602.01", "bidQuantity": "1.67177", "ask": None, "askQuantity": None,
        "levels": {"bids": 1_971, "asks": 0},
    }],
}  # fmt: skip


def test_proof_is_readable_and_negative_latency_is_called_clock_error() -> None:
    drawn = "\n".join(audit.draw(FINDING, "Equal."))
    assert drawn.startswith("Equal.\n")
    for words in ("6,493", "1,072", "the receiving clock was behind", "BTCUSDT: GAP", "61602.01"):
        assert words in drawn
    assert "a gap is open since update id 7" in drawn
    assert "ask - (-), 0 levels" in drawn


def test_capture_without_event_times_says_nothing_of_them() -> None:
    finding = FINDING | {"receiveMinusEventMs": {"min": None, "max": None}}
    assert "receive - event" not in "\n".join(audit.draw(finding, "Equal."))
