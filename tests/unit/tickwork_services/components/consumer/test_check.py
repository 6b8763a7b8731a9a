from tickwork_services.components.consumer import check
from tickwork_services.record import layout, market


def top(sequence, **changes):
    values = {
        "sequence": sequence,
        "state": layout.LIVE,
        "instrument": 0,
        "latency_ns": 10,
        "update_id": sequence,
        "bid": 100,
        "bid_quantity": 1,
        "ask": 101,
        "ask_quantity": 1,
        "published_ns": 50,
    }
    return market.Top(**{**values, **changes}).to_bytes()


def take(made, *records, lost=0):
    data = b"".join(records)
    return made.take(memoryview(data), len(records), lost)


def test_sound_tops_come_back_and_are_counted():
    made = check.Check(2)
    tops = take(made, top(1), top(2, instrument=1, state=layout.GAP))
    assert [each[check.SEQUENCE] for each in tops] == [1, 2]
    assert made.counters() == {
        "received": 2,
        "gaps": 0,
        "malformed": 0,
        "crossed": 0,
        "statuses": 0,
    }
    assert made.states(["A", "B"]) == {"A": "LIVE", "B": "GAP"}


def test_images_change_states_and_are_no_news():
    made = check.Check(1)
    assert take(made, top(0, state=layout.STALE), top(9)) != []
    assert made.received == 1
    assert made.counters()["gaps"] == 0
    assert made.states(["A"]) == {"A": "LIVE"}


def test_missing_numbers_that_nobody_announced_are_gaps():
    made = check.Check(1)
    take(made, top(1), top(2))
    take(made, top(7), lost=4)
    assert made.counters()["gaps"] == 0
    take(made, top(10), top(11), top(13), lost=1)
    assert made.counters()["gaps"] == 1 + 1
    take(made, top(1), top(2))
    assert made.counters()["gaps"] == 2


def test_a_new_stretch_begins_anywhere():
    made = check.Check(1)
    take(made, top(1))
    made.begin()
    take(made, top(100))
    assert made.counters()["gaps"] == 0


def test_fields_that_cannot_be_true_are_malformed():
    made = check.Check(1)
    wrong = [
        top(1, state=6),
        top(2, instrument=1),
        top(3, published_ns=layout.ABSENT),
        top(4, bid_quantity=-1),
        market.Top(5).to_bytes()[:8] + b"\x63" + market.Top(5).to_bytes()[9:],
    ]
    assert take(made, *wrong) == []
    assert made.counters()["malformed"] == 5


def test_a_crossed_live_book_is_counted_and_kept():
    made = check.Check(1)
    assert len(take(made, top(1, bid=101), top(2, state=layout.GAP, bid=101))) == 2
    assert made.counters()["crossed"] == 1


def test_a_status_says_stale_for_all():
    made = check.Check(2)
    take(made, top(1))
    status = market.make_stale_status()
    trade = market.Market(layout.TRADE).to_bytes()
    assert take(made, top(2), status, trade, top(5))[-1][check.SEQUENCE] == 5
    counters = made.counters()
    assert (counters["statuses"], counters["malformed"], counters["gaps"]) == (1, 1, 2)
    assert made.states(["A", "B"]) == {"A": "LIVE", "B": "STALE"}
