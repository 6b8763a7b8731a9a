from tickwork_services.host import meter


def test_counters_of_a_component_are_merged_and_histograms_kept():
    registry = meter.Registry()
    book = registry.meter("book")
    book.counters(lambda: {"gaps": 1})
    book.counters(lambda: {"updates": 2})
    registry.meter("consumer").counters(lambda: {"lost": 3})
    histogram = object()
    book.histogram(histogram)
    assert registry.read() == {"book": {"gaps": 1, "updates": 2}, "consumer": {"lost": 3}}
    assert registry.histograms == [histogram]
