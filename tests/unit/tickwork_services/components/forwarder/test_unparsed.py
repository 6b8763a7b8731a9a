import json

from tickwork_services.components.forwarder import unparsed


def test_counts_go_on_while_only_the_last_beginnings_are_kept():
    log = unparsed.UnparsedLog(("tooLarge", "notUtf8"), 2)
    for number in range(5):
        log.add("notUtf8", "a", number, b"\xff" * 1000, 1000)
    assert log.counts() == {"tooLarge": 0, "notUtf8": 5}
    samples = log.samples()
    assert [each["receivedNs"] for each in samples] == [3, 4]
    assert samples[0]["length"] == 1000
    assert samples[0]["head"] == "\\xff" * 256
    json.dumps(samples)


def test_nothing_is_kept_where_nothing_may_be():
    log = unparsed.UnparsedLog(("tooLarge",), 0)
    log.add("tooLarge", "a", 1, b"x", 1)
    assert log.samples() == []
    assert log.counts() == {"tooLarge": 1}
