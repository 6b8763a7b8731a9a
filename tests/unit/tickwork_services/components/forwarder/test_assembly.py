"""How lines and requests are made from settings; nothing is connected."""

import dataclasses
import random

import pytest
from tickwork_services import venues
from tickwork_services.components.forwarder import (
    assembly,
    endpoint,
    ledger,
    requests,
    session,
    tally,
    unparsed,
)
from tickwork_services.record import layout

from tickwork import errors
from tickwork.unit.settings import forwarder as forwarder_settings


class Owner:
    def on_message(self, *arguments):
        raise AssertionError("nothing is connected")

    opened = ended = unreachable = up = failed = on_message


def make(symbols, streams_max=1024, **settings):
    side = venues.CLIENTS["binance-usdm"]
    other = type("Side", (type(side),), {})
    made = other.__new__(other)
    made.__dict__.update(side.__dict__)
    made.limits = dataclasses.replace(side.limits, streams_per_connection=streams_max)
    chosen = forwarder_settings.ForwarderSettings(
        venue="binance-usdm", instruments=tuple(symbols), **settings
    )
    target = endpoint.Endpoint("venue", 80, False, "/stream")
    return assembly.Assembly(
        settings=chosen,
        side=made,
        websocket_endpoint=target,
        rest_endpoint=target,
        proxy=None,
        context=endpoint.tls_context(None),
        attempts=ledger.WindowLedger(300, 1),
        weights=ledger.WeightLedger(2400, 1),
        counts=tally.Tally(chosen.lines),
        unparsed_log=unparsed.UnparsedLog(session.REASONS, 1),
        log=None,
        fail=None,
    )


def test_every_share_of_the_streams_is_read_once_by_each_line():
    symbols = [f"S{number}" for number in range(10)]
    plan = make(symbols, streams_max=12, lines=2)
    lines = plan.make_lines(Owner())
    assert [(each.identity.name, each.identity.slots) for each in lines] == [
        *[("a", (0, 2))] * 3,
        *[("b", (1, 3))] * 3,
    ]
    for name in "ab":
        streams = [s for each in lines if each.identity.name == name for s in each.identity.streams]
        assert len(streams) == len(set(streams)) == 30


def test_a_stream_that_the_venue_lacks_is_refused_before_anything_starts():
    with pytest.raises(errors.InputError, match="77 ms"):
        make(["BTCUSDT"], depth_interval_ms=77)


def test_no_two_lines_draw_the_same_waits():
    lines = make(["BTCUSDT"], lines=4, seed=random.Random(5).randrange(1000)).make_lines(Owner())
    waits = [tuple(each._backoff.next_ns() for _ in range(8)) for each in lines]
    assert len(set(waits)) == 4


def test_lines_are_renewed_apart_and_before_the_venue_s_limit():
    lines = make(["BTCUSDT"], lines=4, renew_after_seconds=604_800).make_lines(Owner())
    lives_ns = [each._life_ns for each in lines]
    assert lives_ns == sorted(set(lives_ns), reverse=True)
    assert max(lives_ns) < 24 * 3600 * 1_000_000_000


def test_a_request_becomes_the_venue_s_path_at_its_weight():
    plan = make(["BTCUSDT", "ETHUSDT"], snapshot_limit=500)
    (wanted,) = plan.snapshots(requests.SnapshotRequest(1, 7))
    assert (wanted.instrument, wanted.correlation) == (1, 7)
    assert wanted.request.path == "/fapi/v1/depth?symbol=ETHUSDT&limit=500"
    assert len(list(plan.snapshots(requests.SnapshotRequest(layout.ANY_INSTRUMENT, 7)))) == 2
    assert list(plan.snapshots(requests.SnapshotRequest(2, 7))) == []


def test_exchange_information_is_essential_and_concerns_all():
    wanted = make(["BTCUSDT"]).information()
    assert wanted.essential
    assert wanted.instrument == layout.ANY_INSTRUMENT
