"""Snapshots of messages that were rendered ahead are those of the wire, not of the engine."""

from tickwork_services import venues
from tickwork_services.components.venue_twin import market, mirror, session

from tickwork.unit.settings import venue_twin


def _session() -> session.Session:
    settings = venue_twin.VenueTwinSettings(
        venue="binance-usdm", instruments=("BTCUSDT", "DOGEUSDT"), seed=5
    )
    return session.Session(settings, venues.SERVERS[settings.venue])


def test_mirror_shows_what_the_wire_has_told() -> None:
    ahead, live = _session(), _session()
    mirrors = mirror.Mirrors(ahead.instruments)
    ahead.render(900)
    shown: dict[int, market.Snapshot] = {}
    for number in range(900):
        message, same = ahead.next(), live.next()
        assert message == same
        if message.truth:
            mirrors.note(message)
            shown[message.instrument] = live.instruments[message.instrument].snapshot(7)
            if number % 50 == 0:
                assert mirrors.snapshot(message.instrument, 7) == shown[message.instrument]
                assert mirrors.truth(message.instrument) == message.truth
    assert {index: mirrors.snapshot(index, 7) for index in shown} == shown


def test_mirror_begins_with_the_first_book() -> None:
    ahead, other = _session(), _session()
    mirrors = mirror.Mirrors(ahead.instruments)
    ahead.render(50)
    first = other.instruments[0]
    assert mirrors.snapshot(0, None) == first.snapshot(None)
    assert mirrors.truth(0) == first.truth_now()
