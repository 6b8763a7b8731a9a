"""One suite over every transport: what a link promises, whatever it is made of."""

import contextlib
import errno
import socket

import pytest
from conformance import links
from conformance.links import number_of, numbers, read, record_for
from tickwork_services.link import pump
from tickwork_services.record import layout, market

from tickwork import errors


@pytest.fixture
def joint(request, tmp_path):
    made = links.Joint(request.param, tmp_path)
    yield made
    made.close()


def over(*variants):
    return pytest.mark.parametrize("joint", variants, ids=str, indirect=True)


@over(*links.ALL)
def test_records_arrive_whole_and_in_order(joint):
    outlet, inlet = joint.both()
    sent = list(range(1, 301))
    for number in sent:
        record = record_for(joint.variant, number)
        assert outlet.send(record, links.SECOND_NS) == len(record)
    assert numbers(read(inlet, len(sent))) == sent
    assert outlet.counters()["sent"] == inlet.counters()["received"] == len(sent)


@over(*links.ALL)
def test_a_batch_of_many_records_is_taken_whole(joint):
    outlet, inlet = joint.both()
    batch = b"".join(record_for(joint.variant, number) for number in range(1, 65))
    assert outlet.send(batch, links.SECOND_NS) == len(batch)
    assert numbers(read(inlet, 64)) == list(range(1, 65))


@over(*links.ALL)
def test_an_inlet_returns_nothing_when_nothing_comes(joint):
    _, inlet = joint.both()
    batch = inlet.read(0)
    assert (batch.records, bytes(batch.data), batch.lost) == (0, b"", 0)
    assert inlet.pending() == 0


@over(*links.PIPES)
def test_pending_says_that_something_waits(joint):
    outlet, inlet = joint.both()
    outlet.send(links.delta(1), links.SECOND_NS)
    links.until(lambda: inlet.pending() > 0)
    assert numbers(read(inlet, 1)) == [1]


@over(*(each for each in links.PIPES if each.is_lossless))
def test_a_slow_reader_of_a_pipe_means_back_pressure_and_no_loss(joint):
    outlet, inlet = joint.both()
    sent = 0
    while outlet.send(links.delta(sent + 1, levels=200), 20_000_000):
        sent += 1
        assert sent < 100_000, "the pipe never filled"
    found = read(inlet, sent)
    assert numbers(found) == list(range(1, sent + 1))
    assert outlet.send(links.delta(sent + 1), 5 * links.SECOND_NS)
    assert numbers(read(inlet, 1)) == [sent + 1]
    assert outlet.counters()["highWater"] > 0


@over(*(each for each in links.ALL if each.transport in ("tcp", "udp") and not each.secure))
def test_garbage_on_the_wire_is_counted_and_passed_over(joint):
    inlet_listens = joint.variant.listener == "inlet"
    if joint.variant.transport == "udp":
        inlet = joint.inlet()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(b"no json", _address(joint))
            links.until(lambda: links.look(inlet) == [] and inlet.counters()["malformed"] == 1)
        return
    if inlet_listens:
        inlet = joint.inlet()
        stranger = socket.create_connection(_address(joint))
    else:
        with socket.create_server(_address(joint)) as server:
            inlet = joint.inlet()
            inlet.read(links.SECOND_NS // 100)
            stranger = server.accept()[0]
    with stranger:
        stranger.sendall(b'{"type":"delta"\n[]\n{"bid":1}\n')
        links.until(lambda: links.look(inlet) == [] and inlet.counters()["malformed"] == 3)
        line = b'{"type":"status","state":"LIVE","instrument":"BTC'
        stranger.sendall(line)
        assert links.look(inlet) == []
        stranger.sendall(b'USDT"}\n')
        assert market.read_market(read(inlet, 1)[0]).state == layout.LIVE


@over(*(each for each in links.ALL if each.transport == "tcp" and not each.secure))
def test_a_line_that_a_dead_writer_left_unfinished_is_torn(joint):
    if joint.variant.listener == "inlet":
        inlet = joint.inlet()
        stranger = socket.create_connection(_address(joint))
    else:
        with socket.create_server(_address(joint)) as server:
            inlet = joint.inlet()
            inlet.read(links.SECOND_NS // 100)
            stranger = server.accept()[0]
    stranger.sendall(b'{"type":"status","state":"LI')
    links.look(inlet)
    stranger.close()
    assert numbers(read(inlet, 1)) == [None]
    assert inlet.counters()["tornLines"] == 1


@over(*(each for each in links.ALL if each.transport != "memory"))
def test_a_dead_writer_is_told_once_as_one_status_record(joint):
    outlet, inlet = joint.both()
    outlet.send(record_for(joint.variant, 1), links.SECOND_NS)
    assert numbers(read(inlet, 1)) == [1]
    outlet.close()
    record = read(inlet, 1)
    assert numbers(record) == [None]
    status = market.read_market(record[0])
    assert (status.state, status.instrument) == (layout.STALE, layout.ANY_INSTRUMENT)
    assert read(inlet, 1, seconds=0.3) == []
    assert inlet.counters()["writerDeaths"] == 1


@over(*(each for each in links.ALL if each.transport != "memory"))
def test_a_restarted_writer_is_followed(joint):
    outlet, inlet = joint.both()
    outlet.send(record_for(joint.variant, 1), links.SECOND_NS)
    read(inlet, 1)
    outlet.close()
    again = joint.outlet()
    joint_connected(joint, again, inlet)
    again.send(record_for(joint.variant, 2), links.SECOND_NS)
    links.until(lambda: 2 in numbers(links.look(inlet)))


@over(*(each for each in links.ALL if each.transport != "memory"))
def test_a_restarted_reader_goes_on(joint):
    outlet, inlet = joint.both()
    outlet.send(record_for(joint.variant, 1), links.SECOND_NS)
    read(inlet, 1)
    inlet.close()
    again = joint.inlet()
    sent = 1
    found = []
    while not any(number and number > 1 for number in numbers(found)):
        sent += 1
        assert sent < 2000, "the new reader saw nothing"
        outlet.send(record_for(joint.variant, sent), 10_000_000)
        found += links.look(again)


@over(*(each for each in links.PIPES if each.transport in ("tcp", "shm") and each.is_lossless))
def test_what_is_sent_while_nobody_reads_waits_for_the_next_reader(joint):
    outlet, inlet = joint.both()
    inlet.close()
    if joint.variant.transport == "tcp":
        links.until(lambda: outlet.counters()["clients"] == 0)
    assert outlet.send(links.delta(7), links.SECOND_NS)
    again = joint.inlet()
    assert 7 in numbers(read(again, 1))


@over(*links.BROADCASTS)
def test_a_broadcast_never_waits_and_nobody_is_no_error(joint):
    outlet = joint.outlet()
    for number in range(1, 2000):
        record = record_for(joint.variant, number)
        assert outlet.send(record, 0) == len(record)


@over(*(each for each in links.BROADCASTS if each.region != "depth"))
def test_a_late_joiner_sees_images_first(joint):
    outlet = joint.outlet()
    for instrument in range(len(links.SYMBOLS)):
        outlet.show(instrument, links.image(41 + instrument, instrument))
    inlet = joint.inlet()
    tops = [market.read_top(record) for record in read(inlet, 2)]
    assert sorted((top.instrument, top.update_id, top.sequence) for top in tops) == [
        (0, 41, 0),
        (1, 42, 0),
    ]
    outlet.send(links.image(43), 0)
    top = market.read_top(read(inlet, 1)[0])
    assert (top.update_id, top.state, top.bid, top.ask) == (43, layout.LIVE, 1000, 1001)


@over(links.Variant("tcp", "broadcast"))
def test_a_slow_client_of_tcp_is_cut_and_counted_and_slows_nobody(joint):
    outlet, inlet = joint.both()
    slow = socket.create_connection(_address(joint))
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    links.until(lambda: outlet.counters()["clients"] == 2)
    sent = 0
    with slow:
        while not outlet.counters()["clientsCut"]:
            sent += 1
            outlet.send(links.image(sent), 0)
            read(inlet, 1)
            assert sent < 200_000, "the slow client was never cut"
    links.until(lambda: outlet.counters()["clients"] == 1)
    outlet.send(links.image(sent + 1), 0)
    assert numbers(read(inlet, 1)) == [sent + 1]
    assert inlet.counters()["writerDeaths"] == 0


@over(links.Variant("tcp", "broadcast"))
def test_a_hundred_clients_that_say_what_they_want_harm_nobody(joint):
    outlet, inlet = joint.both()
    crowd = [socket.create_connection(_address(joint)) for _ in range(100)]
    for place, each in enumerate(crowd):
        with contextlib.suppress(ConnectionError):
            each.sendall(b"GET / HTTP/1.1\r\n\r\n\x00\xff" * place)
    links.until(lambda: outlet.counters()["clientsRefused"] == 101 - pump.CLIENTS_MAX)
    assert outlet.counters()["clients"] == pump.CLIENTS_MAX
    outlet.send(links.image(1), 0)
    assert numbers(read(inlet, 1)) == [1]
    for each in crowd:
        each.close()
    links.until(lambda: outlet.counters()["clients"] == 1)
    outlet.send(links.image(2), 0)
    assert numbers(read(inlet, 1)) == [2]
    assert outlet.counters()["clientsCut"] == 0


@over(links.Variant("tcp", "broadcast"), links.Variant("tcp", "pipe", "outlet"))
def test_a_thread_that_breaks_is_heard_of_by_the_next_sender(joint, monkeypatch):
    outlet, _ = joint.both()

    def accept(_):
        raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr(pump.Pump, "_accept", accept)
    with (
        socket.create_connection(_address(joint)),
        pytest.raises(RuntimeError, match="too many open files"),
    ):
        links.until(lambda: not outlet.send(record_for(joint.variant, 1), 0))


@over(links.Variant("shm", "broadcast", region="top"))
def test_a_slow_reader_of_shm_is_lapped_and_counted_exactly(joint):
    outlet, inlet = joint.both()
    sent = 20_000
    for begin in range(1, sent + 1, 500):
        outlet.send(b"".join(links.image(number) for number in range(begin, begin + 500)), 0)
    found, lost = [], 0
    while (batch := inlet.read(0)).records:
        found += [number_of(bytes(each)) for each in layout.split(batch.data)]
        lost += batch.lost
    assert lost > 0
    assert lost + len(found) == sent
    assert found[-1] == sent
    assert inlet.counters()["laps"] >= 1


@over(links.Variant("udp", "pipe", "inlet"))
def test_udp_refuses_and_counts_what_fits_no_datagram(joint):
    outlet, inlet = joint.both()
    long = links.delta(1, levels=5000)
    assert outlet.send(long, 0) == len(long)
    outlet.send(links.delta(2), 0)
    assert numbers(read(inlet, 1)) == [2]
    counters = outlet.counters()
    assert (counters["refused"], counters["sent"]) == (1, 1)
    assert inlet.counters()["lost"] == 0


@over(links.Variant("udp", "pipe", "inlet"))
def test_udp_sees_loss_by_sequence(joint):
    outlet, inlet = joint.both()
    outlet.send(links.delta(1), 0)
    outlet._sequence += 3
    outlet.send(links.delta(2), 0)
    assert numbers(read(inlet, 2)) == [1, 2]
    assert inlet.counters()["lost"] == 3


@over(*(each for each in links.ALL if each.transport in ("tcp", "udp") and not each.secure))
def test_a_taken_port_is_an_error_with_the_address(joint):
    kind = socket.SOCK_DGRAM if joint.variant.transport == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind(_address(joint))
        if kind == socket.SOCK_STREAM:
            holder.listen()
        make = joint.inlet if joint.variant.listener == "inlet" else joint.outlet
        with pytest.raises(errors.PortTakenError, match=joint.end.address):
            make()


@over(*links.ALL)
def test_closing_twice_and_before_opening_is_legal(joint):
    outlet, inlet = joint.both()
    for each in (outlet, inlet):
        each.close()
        each.close()


def _address(joint):
    host, _, port = joint.end.address.rpartition(":")
    return host, int(port)


def joint_connected(joint, outlet, inlet):
    """Waits until the inlet is with the new outlet: statuses of the old one are read away."""
    links.until(outlet.attach)
    if joint.variant.transport == "tcp":
        links.until(lambda: not links.look(inlet) and outlet.counters()["clients"] > 0)
