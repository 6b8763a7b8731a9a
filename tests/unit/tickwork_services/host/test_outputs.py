import json

import pytest
import tickwork_native
from tickwork_services import clocks
from tickwork_services.host import component, meter, outputs


@pytest.fixture
def stretch(tmp_path):
    unix_map = clocks.UnixMap(offset_ns=1_000, bound_ns=5, measured_ns=0)
    return component.Stretch(3, "main", "003-main", 100, 200, None, tmp_path, unix_map)


def make(stretch, registry, facts=None):
    return outputs.StretchOutputs(
        "group/unit",
        stretch,
        registry=registry,
        links=lambda: {"a.inlet": {"received": 7, "highWater": 9}},
        facts=lambda: facts or {},
        books=lambda: {"BTCUSDT": {"state": "LIVE", "liveNs": 5}},
        host={"wait": "park"},
        fail=lambda error: None,
    )


def read(stretch):
    return json.loads((stretch.directory / "counters.json").read_text())


def test_counters_are_the_differences_of_the_block(stretch):
    counts = {"frames": 10, "openGaps": 1}
    registry = meter.Registry()
    registry.meter("forwarder").counters(lambda: dict(counts))
    written = make(stretch, registry, {"forwarder": {"lines": []}})
    counts.update(frames=25, openGaps=2)
    written.finish(partial=False)
    found = read(stretch)
    assert found["components"] == {
        "forwarder": {
            "counters": {"frames": 15, "openGaps": 2},
            "absolute": {"frames": 25, "openGaps": 2},
            "facts": {"lines": []},
        }
    }
    assert found["links"] == {"a.inlet": {"received": 0, "highWater": 9}}
    assert found["partial"] is False
    assert found["measured"]["measureFromUnixNs"] == 1_200
    assert found["host"] == {"wait": "park"}


def test_the_state_is_partial_until_the_end(stretch):
    written = make(stretch, meter.Registry())
    written.start()
    assert read(stretch)["partial"] is True
    written.mark_started(1_234, 34)
    written.finish(partial=True)
    found = read(stretch)
    assert found["partial"] is True
    assert (found["measured"]["startUnixNs"], found["measured"]["lateness"]) == (1_234, 34)
    assert not list(stretch.directory.glob("*.part"))


def test_hops_are_written_where_histograms_are_registered(stretch):
    registry = meter.Registry()
    histogram = tickwork_native.Histogram("read")
    registry.meter("consumer").histogram(histogram)
    written = make(stretch, registry)
    histogram.record(1_000)
    written.finish(partial=False)
    assert "Tag=read," in (stretch.directory / "hops.hlog").read_text()


def test_what_was_recorded_before_the_block_does_not_belong_to_it(stretch):
    registry = meter.Registry()
    histogram = tickwork_native.Histogram("read")
    registry.meter("consumer").histogram(histogram)
    histogram.record(1_000)
    make(stretch, registry).finish(partial=False)
    assert "Tag=read," not in (stretch.directory / "hops.hlog").read_text()


def test_what_an_earlier_incarnation_left_is_set_aside(tmp_path):
    block = tmp_path / "000-main"
    outputs.prepare(block, 1)
    (block / "counters.json").write_text("1")
    outputs.prepare(block, 2)
    assert (block / "incarnation-1" / "counters.json").read_text() == "1"
    assert [each.name for each in block.iterdir()] == ["incarnation-1"]
    outputs.prepare(block, 3)
    assert [each.name for each in block.iterdir()] == ["incarnation-1"]


def test_every_write_adds_one_line_to_the_series(stretch):
    registry = meter.Registry()
    counts = {"frames": 10, "idle": 0}
    registry.meter("forwarder").counters(lambda: dict(counts))
    written = make(stretch, registry)
    written.start()
    counts["frames"] = 25
    written.finish(partial=False)
    lines = (stretch.directory / "series.ndjson").read_text().splitlines()
    first, last = json.loads(lines[0]), json.loads(lines[-1])
    assert first["atUnixNs"] <= last["atUnixNs"]
    assert first["counters"] == {"forwarder": {}}
    assert last["counters"] == {"forwarder": {"frames": 15}}
    assert last["links"] == {"a.inlet": {"received": 0, "highWater": 9}}
    assert last["books"] == {"BTCUSDT": {"state": "LIVE", "liveNs": 5}}
