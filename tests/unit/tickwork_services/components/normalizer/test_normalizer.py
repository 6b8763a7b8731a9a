import asyncio
import types

import pytest
from tickwork_services.components.normalizer import normalizer
from tickwork_services.host import meter
from tickwork_services.record import frame

from tickwork.unit.settings import normalizer as normalizer_settings


def make(**settings):
    registry = meter.Registry()
    context = types.SimpleNamespace(meter=registry.meter("normalizer"), inlets={}, outlets={})
    chosen = normalizer_settings.NormalizerSettings(
        venue="binance-usdm", instruments=("BTCUSDT",), **settings
    )
    return normalizer.Normalizer(chosen, context), registry


def test_its_hops_are_registered_and_its_kernel_counts():
    made, registry = make()
    assert made.counters() == made.facts() == {}
    asyncio.run(made.open())
    assert [each.name for each in registry.histograms] == ["receive", "parse"]
    made.kernel.process(frame.Frame(b"nonsense", venue=2, received_ns=5).to_bytes())
    assert made.counters()["frames"] == 1
    assert made.counters()["unparsed"] == 1


def test_only_so_many_unparsed_payloads_are_told_as_text():
    made, _ = make(unparsed_kept_max=2)
    asyncio.run(made.open())
    for number in range(5):
        payload = b"\xffnonsense %d" % number
        made.kernel.process(frame.Frame(payload, venue=2, frame_id=number).to_bytes())
    kept = made.facts()["unparsed"]
    assert [each["excerpt"] for each in kept] == ["\\xffnonsense 3", "\\xffnonsense 4"]


def test_the_kernel_is_there_only_once_it_is_open():
    with pytest.raises(RuntimeError, match="before it was opened"):
        _ = make()[0].kernel
