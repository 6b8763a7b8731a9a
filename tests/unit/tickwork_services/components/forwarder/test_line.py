"""A line over connections that a test plays: when it comes back, and what it replaces first."""

import concurrent.futures

import pytest
from tickwork_services.components.forwarder import backoff, connection, ledger, line

SECOND_NS = 1_000_000_000
Stage = connection.Stage


class Connection:
    """What a line sees of a connection."""

    def __init__(self, slot, now_ns):
        self.line, self.began_ns = slot, now_ns
        self.stage, self.reason = Stage.OPENING, ""
        self.live_since_ns, self.leaving, self.goodbyes = None, False, 0
        self.wait_ns = 0

    def tick(self, now_ns):
        pass

    def go_live(self, now_ns):
        self.stage, self.live_since_ns = Stage.LIVE, now_ns

    def say_goodbye(self, now_ns):
        self.goodbyes += 1
        self.stage = Stage.CLOSING

    def drop(self, reason):
        self.stage, self.reason = Stage.ENDED, reason


class Bench:
    def __init__(self, attempts_max=1000, life_ns=3600 * SECOND_NS):
        self.made, self.ended_ones, self.failures, self.unreachables = [], [], [], []
        self.ups = []
        self.refuse = False
        self.now_ns = 0
        self.line = line.Line(
            line.Identity((0, 2), "a", ("s",)),
            self.connect,
            self.look_up,
            self,
            wait=backoff.Backoff("1", SECOND_NS // 10, 30 * SECOND_NS),
            attempts=ledger.WindowLedger(attempts_max, 300 * SECOND_NS),
            life_ns=life_ns,
            counts=line.Counts(),
        )

    def look_up(self):
        future = concurrent.futures.Future()
        future.set_result([])
        return future

    def connect(self, attempt):
        if self.refuse:
            raise ConnectionRefusedError("refused")
        self.made.append(Connection(attempt.slot, attempt.now_ns))
        return self.made[-1]

    def ended(self, ended):
        self.ended_ones.append(ended)

    def unreachable(self, of, reason):
        self.unreachables.append(reason)

    def up(self, of, now_live):
        self.ups.append(now_live)

    def failed(self, of, reason, wait_ns):
        self.failures.append((self.now_ns, reason, wait_ns))

    def tick(self, forward_ns=0):
        self.now_ns += forward_ns
        self.line.tick(self.now_ns)
        return self

    def live(self):
        self.tick()
        self.made[-1].go_live(self.now_ns)
        return self.tick()


def test_it_connects_at_the_first_tick_and_is_live_when_subscribed():
    bench = Bench().tick()
    assert len(bench.made) == 1
    assert not bench.line.live
    bench.live()
    assert bench.line.live
    assert bench.ups == bench.made
    assert (bench.line.counts.connects, bench.line.counts.reconnects) == (1, 0)
    bench.tick(SECOND_NS)
    assert len(bench.made) == 1


def test_a_lost_connection_comes_back_after_the_wait_that_was_announced():
    bench = Bench().live()
    bench.made[0].drop("reset by peer")
    bench.tick(SECOND_NS)
    (at_ns, reason, wait_ns) = bench.failures[0]
    assert reason == "reset by peer"
    assert bench.ended_ones == [bench.made[0]]
    bench.now_ns = at_ns + wait_ns
    bench.tick(-1)
    assert len(bench.made) == 1
    bench.tick(1)
    assert len(bench.made) == 2
    bench.made[1].go_live(bench.now_ns)
    bench.tick()
    assert (bench.line.counts.reconnects, bench.line.counts.failures) == (1, 1)


def test_attempts_that_fail_go_on_without_end_each_counted_and_told_once():
    bench = Bench()
    bench.refuse = True
    for _ in range(20_000):
        bench.tick(SECOND_NS // 10)
    counts = bench.line.counts
    assert counts.attempts == counts.failures == len(bench.failures) == len(bench.unreachables)
    assert counts.attempts > 100
    assert all(wait_ns <= 30 * SECOND_NS for _, _, wait_ns in bench.failures)


def test_a_short_life_does_not_make_the_waits_short_again():
    bench = Bench()
    for _ in range(12):
        while bench.line.connections() == []:
            bench.tick(SECOND_NS // 10)
        bench.live()
        bench.made[-1].drop("gone at once")
        bench.tick()
    assert max(wait_ns for _, _, wait_ns in bench.failures) > 3 * SECOND_NS
    while bench.line.connections() == []:
        bench.tick(SECOND_NS // 10)
    bench.live()
    bench.tick(2 * line.HEALTHY_AFTER_NS)
    bench.made[-1].drop("after a good life")
    bench.tick()
    assert bench.failures[-1][2] <= SECOND_NS // 10


def test_a_venue_that_asks_for_silence_gets_it():
    bench = Bench().tick()
    bench.made[0].wait_ns = 120 * SECOND_NS
    bench.made[0].drop("418")
    bench.tick()
    assert bench.failures[0][2] == 120 * SECOND_NS
    bench.tick(120 * SECOND_NS - 1)
    assert len(bench.made) == 1
    bench.tick(1)
    assert len(bench.made) == 2


def test_the_venue_s_limit_of_attempts_is_never_exceeded():
    bench = Bench(attempts_max=5)
    bench.refuse = True
    at = []
    for _ in range(20_000):
        before = bench.line.counts.attempts
        bench.tick(SECOND_NS // 10)
        at += [bench.now_ns] * (bench.line.counts.attempts - before)
    assert all(sum(t - 300 * SECOND_NS < other <= t for other in at) <= 5 for t in at)
    assert len(at) > 20
    assert bench.line.counts.attempts_delayed > 0


@pytest.mark.parametrize("why", ["leaving", "age"])
def test_the_replacement_is_live_before_the_first_goes(why):
    bench = Bench(life_ns=100 * SECOND_NS).live()
    first = bench.made[0]
    first.leaving = why == "leaving"
    bench.tick(SECOND_NS if why == "leaving" else 101 * SECOND_NS)
    second = bench.made[1]
    assert (first.goodbyes, first.stage) == (0, Stage.LIVE)
    assert {first.line, second.line} == {0, 2}
    bench.tick(SECOND_NS)
    assert len(bench.made) == 2
    second.go_live(bench.now_ns)
    bench.tick()
    assert first.goodbyes == 1
    assert bench.line.live
    first.drop("closed by handshake")
    bench.tick()
    assert bench.failures == []
    assert bench.ended_ones == [first]
    counts = bench.line.counts
    assert (counts.renewals, counts.reconnects, counts.failures) == (1, 1, 0)


def test_a_replacement_that_fails_leaves_the_first_alone():
    bench = Bench().live()
    bench.made[0].leaving = True
    bench.tick(SECOND_NS)
    bench.made[1].drop("refused")
    bench.tick()
    assert bench.made[0].goodbyes == 0
    assert bench.line.live
    bench.tick(SECOND_NS)
    assert len(bench.made) == 3


def test_a_server_that_always_announces_its_end_is_not_stormed():
    bench = Bench()
    for _ in range(1000):
        bench.tick(SECOND_NS // 100)
        bench.made[-1].leaving = True
        if bench.made[-1].stage is Stage.OPENING:
            bench.made[-1].go_live(bench.now_ns)
    assert len(bench.made) <= 10 * SECOND_NS // line.RENEWAL_SPACING_NS + 2


def test_leaving_says_goodbye_and_connects_nothing_more():
    bench = Bench().live()
    bench.line.leave(bench.now_ns)
    assert bench.made[0].goodbyes == 1
    bench.made[0].drop("closed by handshake")
    for _ in range(100):
        bench.tick(SECOND_NS)
    assert len(bench.made) == 1
    assert bench.failures == []


def test_a_look_up_under_way_stops_nothing():
    bench = Bench()
    pending = concurrent.futures.Future()
    bench.line._look_up = lambda: pending
    for _ in range(100):
        bench.tick(SECOND_NS)
    assert bench.made == []
    pending.set_result([])
    bench.tick()
    assert len(bench.made) == 1
