import hashlib

from tickwork_services.components.venue_twin import sent


def test_each_line_is_summed_by_itself_and_in_order() -> None:
    sums = sent.Sent()
    sums.note([1, 2], b"a")
    sums.note([2], b"b")
    first, second = sums.facts()
    assert first == {
        "id": 1,
        "payloads": 1,
        "bytes": 1,
        "sha256": hashlib.sha256(b"a").hexdigest(),
    }
    assert second["sha256"] == hashlib.sha256(b"ab").hexdigest()


def test_lines_beyond_the_bound_are_not_kept() -> None:
    sums = sent.Sent()
    sums.note(range(sent.LINES_MAX + 5), b"a")
    assert len(sums.facts()) == sent.LINES_MAX
