from tickwork_services.components.forwarder import tally


class Lead:
    def __init__(self, count, median_ns):
        self.count, self._median_ns = count, median_ns

    def quantile_ns(self, quantile):
        assert quantile == 0.5
        return self._median_ns


def slot(wins, lead, duplicates=0, dropped=0):
    return {"wins": wins, "lead": lead, "duplicates": duplicates, "dropped": dropped}


def test_a_line_is_the_sum_of_its_slots_and_leads_by_the_fuller_one():
    counts = tally.Tally(2)
    counts.line_counts[1].reconnects = 3
    lines = counts.lines(
        [
            slot(5, Lead(0, 0)),
            slot(7, Lead(2, 900), duplicates=1),
            slot(1, Lead(4, 100)),
            slot(2, Lead(9, 50), dropped=4),
        ]
    )
    assert [(each["name"], each["wins"], each["leadP50Ns"]) for each in lines] == [
        ("a", 6, 100),
        ("b", 9, 50),
    ]
    assert (lines[1]["duplicates"], lines[1]["framesDropped"], lines[1]["reconnects"]) == (1, 4, 3)


def test_a_line_that_never_led_has_no_lead():
    (line,) = tally.Tally(1).lines([slot(0, Lead(0, 0)), slot(0, Lead(0, 0))])
    assert line["leadP50Ns"] is None


def test_unparsed_is_counted_in_all_and_by_reason():
    counters = tally.Tally(1).counters({"tooLarge": 2, "notUtf8": 1})
    assert counters["unparsed"] == 3
    assert (counters["unparsed.tooLarge"], counters["unparsed.notUtf8"]) == (2, 1)
