import tickwork_native
from tickwork_services.record import layout
from tickwork_services.telemetry import metrics, reading

LABELS = {"experiment": "demo", "run": "demo-1", "group": "pipeline", "unit": "book", "arm": "main"}


def page_of(**told):
    return metrics.render(reading.Reading(labels=LABELS, **told)).decode()


def sample(page, name, **labels):
    """Returns the value of the one sample of ``name`` that has ``labels`` among its own."""
    found = [
        line.rsplit(" ", 1)[1]
        for line in page.splitlines()
        if line.startswith(name + "{")
        if all(f'{key}="{value}"' in line for key, value in {**LABELS, **labels}.items())
    ]
    assert len(found) == 1, (name, labels, found)
    return float(found[0])


def test_a_name_belongs_to_one_kind_of_component():
    page = page_of(
        kinds={"book": "book", "shm": "consumer", "tcp": "consumer"},
        counters={"book": {"gaps": 3}, "shm": {"gaps": 4}, "tcp": {"gaps": 5}},
    )
    assert page.count("# TYPE tickwork_consumer_gaps_total counter") == 1
    assert sample(page, "tickwork_book_gaps_total", component="book") == 3
    assert sample(page, "tickwork_consumer_gaps_total", component="shm") == 4
    assert sample(page, "tickwork_consumer_gaps_total", component="tcp") == 5


def test_nanoseconds_become_seconds_and_levels_become_gauges():
    counters = {"book": {"liveNs": 2_500_000_000, "openGaps": 1, "unparsed.badNumber": 7}}
    page = page_of(kinds={"book": "book"}, counters=counters)
    assert sample(page, "tickwork_book_live_seconds_total") == 2.5
    assert "# TYPE tickwork_book_open_gaps gauge" in page
    assert sample(page, "tickwork_book_unparsed_by_reason_total", reason="bad_number") == 7


def test_links_are_told_by_link_and_end():
    links = {
        "book.records.inlet": {"received": 7, "pending": 128},
        "book.records.outlet": {"sent": 9},
    }
    page = page_of(links=links)
    assert sample(page, "tickwork_link_received_total", link="book.records", end="inlet") == 7
    assert sample(page, "tickwork_link_pending_bytes", link="book.records", end="inlet") == 128
    assert sample(page, "tickwork_link_sent_total", link="book.records", end="outlet") == 9


def test_books_are_told_by_instrument():
    books = {"BTCUSDT": {"state": "GAP", "liveNs": 1_000_000, "gaps": 2, "resyncs": 1}}
    page = page_of(books=books)
    assert sample(page, "tickwork_instrument_state", instrument="BTCUSDT") == 3
    assert sample(page, "tickwork_instrument_live_seconds_total", instrument="BTCUSDT") == 0.001
    assert sample(page, "tickwork_instrument_gaps_total", instrument="BTCUSDT") == 2


def test_book_states_have_the_numbers_of_the_records():
    assert metrics.BOOK_STATES == layout.STATE_NAMES


def test_hops_of_two_components_are_one_family_without_instruments():
    parse, book = tickwork_native.Histogram("parse"), tickwork_native.Histogram("book")
    parse.record(1_500)
    parse.record(-5)
    page = page_of(histograms={"normalizer": [parse], "book": [book], "publisher": []})
    assert page.count("# TYPE tickwork_hop_seconds histogram") == 1
    assert sample(page, "tickwork_hop_seconds_count", hop="parse", component="normalizer") == 1
    assert sample(page, "tickwork_hop_seconds_count", hop="book", component="book") == 0
    assert sample(page, "tickwork_hop_negative_total", hop="parse") == 1
    assert "instrument" not in page


def test_the_unit_tells_its_state_block_and_numbers():
    page = page_of(
        state="running",
        block="000-main",
        info={"wait": "park"},
        values={"tickwork_unit_cpu_seconds": 1.5, "tickwork_unit_serving": 1.0},
    )
    assert sample(page, "tickwork_unit_state", state="running") == 1
    assert sample(page, "tickwork_unit_state", state="ready") == 0
    assert sample(page, "tickwork_unit_block", block="000-main") == 1
    assert sample(page, "tickwork_unit_cpu_seconds_total") == 1.5
    assert sample(page, "tickwork_unit_serving") == 1
    assert sample(page, "tickwork_unit_info", wait="park") == 1
    assert "tickwork_unit_block{" not in page_of(state="ready")
