import pathlib

import pytest
import tickwork_native
from tickwork_cli import looking
from tickwork_services.record import layout, market


def publish(path: pathlib.Path, symbols: tuple[str, ...] = ("BTCUSDT", "ETHUSDT")):
    return tickwork_native.Publication.create(
        path, "demo", [(symbol, 2) for symbol in symbols], 1024, 1 << 16, 20
    )


def image(update_id: int, instrument: int = 0) -> bytes:
    now_ns = tickwork_native.monotonic_raw_ns()
    return market.Market(
        type=layout.SNAPSHOT,
        venue=2,
        state=layout.LIVE,
        flags=layout.FLAG_IMAGE,
        instrument=instrument,
        price_exponent=-2,
        quantity_exponent=-3,
        last=update_id,
        received_ns=now_ns - 5_000,
        bids=((6_160_201, 1_500),),
        asks=((6_160_210, 2_500),),
    ).to_bytes()


def test_books_are_shown_with_state_and_levels(tmp_path) -> None:
    writer = publish(tmp_path / "book")
    watcher = looking.Watcher(tickwork_native, tmp_path / "book")
    writer.send(image(7))
    first, second = watcher.look().books
    assert (first.symbol, first.state, first.update_id) == ("BTCUSDT", "LIVE", 7)
    assert (first.bid, first.bid_quantity) == ("61602.01", "1.500")
    assert (first.ask, first.ask_quantity) == ("61602.10", "2.500")
    assert (second.state, second.bid, second.age_ns) == ("EMPTY", "-", None)
    watcher.close()


def test_rates_and_latencies_are_those_of_what_came(tmp_path) -> None:
    writer = publish(tmp_path / "book")
    watcher = looking.Watcher(tickwork_native, tmp_path / "book")
    assert watcher.look().receive_to_publish_ns is None
    for update_id in range(300):
        writer.send(image(update_id, update_id % 2))
    look = watcher.look()
    assert look.rate > 0
    assert look.books[0].rate == pytest.approx(look.books[1].rate)
    assert look.receive_to_publish_ns is not None
    p50, p99, longest = look.receive_to_publish_ns
    assert 5_000 <= p50 <= p99 <= longest
    assert look.newest_age_ns is not None
    assert look.lost == 0
    watcher.close()


def test_a_lap_is_counted_and_the_newest_is_seen(tmp_path) -> None:
    writer = publish(tmp_path / "book")
    watcher = looking.Watcher(tickwork_native, tmp_path / "book")
    for update_id in range(1024 * 3):
        writer.send(image(update_id))
    look = watcher.look()
    assert look.lost > 0
    assert look.books[0].update_id == 1024 * 3 - 1
    watcher.close()


def test_a_publisher_that_goes_is_said_to_be_gone_and_followed_when_it_is_back(tmp_path) -> None:
    path = tmp_path / "book"
    writer = publish(path)
    watcher = looking.Watcher(tickwork_native, path)
    writer.send(image(1))
    watcher.look()
    assert watcher.look().events == ()
    writer.close()
    del writer
    path.unlink()
    gone = watcher.look()
    assert gone.events == ("the publisher ended its stream; waiting for it",)
    assert {each.state for each in gone.books} == {"GONE"}
    assert watcher.look().events == ()
    again = publish(path)
    again.send(image(5))
    back = watcher.look()
    assert back.events[0] == "the publisher is back"
    assert back.books[0].update_id == 5
    assert back.books[0].state == "LIVE"
    watcher.close()


def test_a_publisher_that_takes_over_its_leftovers_is_a_new_generation(tmp_path) -> None:
    path = tmp_path / "book"
    writer = publish(path)
    watcher = looking.Watcher(tickwork_native, path)
    writer.send(image(1))
    watcher.look()
    del writer
    again = publish(path)
    again.send(image(2))
    events = watcher.look().events
    assert any("generation" in event for event in events)
    assert watcher.look().books[0].update_id == 2
    watcher.close()


def test_json_has_the_keys_of_json(tmp_path) -> None:
    writer = publish(tmp_path / "book", ("BTCUSDT",))
    watcher = looking.Watcher(tickwork_native, tmp_path / "book")
    writer.send(image(7))
    content = watcher.look().to_json()
    assert content["books"][0]["instrument"] == "BTCUSDT"
    assert content["receiveToPublish"]["p50Ns"] >= 5_000
    watcher.close()


@pytest.mark.parametrize(
    ("mantissa", "exponent", "text"),
    [(6_160_201, -2, "61602.01"), (5, -3, "0.005"), (7, 0, "7"), (-5, -1, "-0.5"), (0, -1, "0.0")],
)
def test_decimals_keep_their_digits(mantissa: int, exponent: int, text: str) -> None:
    assert looking.decimal_text(mantissa, exponent) == text
