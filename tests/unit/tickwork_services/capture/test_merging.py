from tickwork_services.capture import merging, twr
from tickwork_services.record import frame

HEAD = twr.Head("binance-spot", ("BTCUSDT",), {}, twr.Clock(0, 0), 4, 20_000_000)


def diff(number: int) -> bytes:
    ids = f'"U":{number},"u":{number}'
    return f'{{"e":"depthUpdate","E":1,"s":"BTCUSDT",{ids},"b":[],"a":[]}}'.encode()


def entry(at_us: int, connection: int, payload: bytes) -> twr.Entry:
    return twr.Entry(at_us * 1000, connection, frame.TEXT, payload)


def opened(connection: int, line: int) -> twr.Entry:
    return twr.Entry(0, connection, frame.OPENED, b"", None, line)


def texts(entries: list[twr.Entry]) -> list[bytes]:
    merged = merging.merge(HEAD, entries)
    return [each.payload for each in merged if each.kind == frame.TEXT]


def test_two_lines_become_one_stream_in_order() -> None:
    late = [entry(10 * n + 3, 2, diff(n)) for n in range(1, 6)]
    early = [entry(10 * n, 1, diff(n)) for n in range(1, 6) if n != 3]
    arrived = sorted([*late, *early], key=lambda each: each.received_unix_ns or 0)
    assert texts([opened(1, 0), opened(2, 1), *arrived]) == [diff(n) for n in range(1, 6)]


def test_what_one_line_brings_twice_is_kept() -> None:
    assert texts([opened(1, 0), entry(1, 1, diff(1)), entry(2, 1, diff(1))]) == [diff(1)] * 2


def test_answers_keep_their_symbol_and_stamps() -> None:
    answer = twr.Entry(77, 0, frame.REST, b"{}", "BTCUSDT")
    [found] = [each for each in merging.merge(HEAD, [answer]) if each.kind == frame.REST]
    assert (found.symbol, found.received_unix_ns, found.payload) == ("BTCUSDT", 77, b"{}")
