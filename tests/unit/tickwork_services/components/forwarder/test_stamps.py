import socket
import struct

import pytest
from tickwork_services import clocks
from tickwork_services.components.forwarder import stamps
from tickwork_services.record import layout


def cmsg(unix_ns):
    data = struct.pack("=qq", *divmod(unix_ns, 1_000_000_000))
    return [(socket.SOL_SOCKET, stamps.SCM_TIMESTAMPNS, data)]


class Ticking:
    """Two clocks that move by steps of a script; Unix is mono plus an offset."""

    def __init__(self, steps, offset_ns):
        self.steps, self.offset_ns, self.now_ns = list(steps), offset_ns, 0

    def mono(self):
        self.now_ns += self.steps.pop(0)
        return self.now_ns

    def unix(self):
        self.now_ns += self.steps.pop(0)
        return self.now_ns + self.offset_ns


@pytest.fixture
def ticking(monkeypatch):
    def install(steps, offset_ns=1_700_000_000_000_000_000):
        clock = Ticking(steps, offset_ns)
        monkeypatch.setattr(clocks, "now_mono_ns", clock.mono)
        monkeypatch.setattr(clocks, "now_unix_ns", clock.unix)
        return clock

    return install


def test_a_stamp_is_mapped_within_its_bound(ticking):
    clock = ticking([5_000, 300, 500])
    found = stamps.StampMap()
    kernel_ns, received_ns = found.read(cmsg(clock.offset_ns + 1_000))
    assert received_ns == 5_000
    assert abs(kernel_ns - 1_000) <= found.bound_ns == 400
    assert (found.stamped, found.missing) == (1, 0)


def test_a_reading_that_was_interrupted_is_made_again(ticking):
    clock = ticking([0, 400, 9_000_000, 100, 100])
    found = stamps.StampMap()
    kernel_ns, received_ns = found.read(cmsg(clock.offset_ns - 77))
    assert received_ns == 0
    assert abs(kernel_ns + 77) <= found.bound_ns == 100


def test_where_every_reading_is_interrupted_the_bound_says_so(ticking):
    clock = ticking([0, *([5_000, 5_000] * stamps.StampMap.READINGS_MAX)])
    found = stamps.StampMap()
    kernel_ns, _ = found.read(cmsg(clock.offset_ns))
    assert abs(kernel_ns) <= found.bound_ns == 5_000


def test_without_a_stamp_it_is_absent_and_counted():
    found = stamps.StampMap()
    kernel_ns, received_ns = found.read([])
    assert kernel_ns == layout.ABSENT
    assert received_ns > 0
    assert (found.stamped, found.missing) == (0, 1)
