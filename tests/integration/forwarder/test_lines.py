"""Lines of the forwarder against a real WebSocket server."""

import asyncio

from integration.forwarder import stand_ins
from integration.forwarder.stand_ins import ABSENT, CLOSED, OPENED, wait_until


async def send_some(connection):
    for number in range(10):
        await connection.send(f'{{"stream":"btcusdt@trade","data":{{"n":{number}}}}}')
    await connection.wait_closed()


def test_one_line_reads_every_message_with_stamps_and_closes_by_handshake(tmp_path):
    with stand_ins.Venue(send_some) as venue, stand_ins.RestVenue(stand_ins.answer_ok) as rest:
        bench = stand_ins.make_bench({"websocket": venue.address, "rest": rest.address}, lines=1)
        bench.start(tmp_path)
        wait_until(lambda: len(bench.frames.payloads()) == 10, "ten frames")
        assert bench.forwarder.serving().serving
        bench.stop()
        wait_until(lambda: venue.connections[0].close_code, "the server's side closed")
        assert venue.connections[0].close_code == 1000
    assert [p.split(b":")[-1] for p in bench.frames.payloads()] == [b"%d}}" % n for n in range(10)]
    kinds = [each.kind for each in bench.frames.seen if each.kind != stand_ins.REST]
    assert kinds == [OPENED] + [stand_ins.TEXT] * 10 + [CLOSED]
    stamped = [each for each in bench.frames.of(stand_ins.TEXT) if each.kernel_ns != ABSENT]
    for each in stamped:
        assert -1_000_000 < each.received_ns - each.kernel_ns < 10_000_000_000
    assert bool(stamped) == (bench.forwarder.counters()["kernelStamped"] > 0)
    assert venue.subscribed == [
        [f"{s}@{c}" for s in ("btcusdt", "ethusdt") for c in ("depth@100ms", "bookTicker", "trade")]
    ]
    assert not [line for line in bench.log.lines if line[0] == "error"]
    asyncio.run(bench.forwarder.close())
