"""The transport ``udp``: one NDJSON record a datagram. Lossy: loss is seen by sequence, counted.

The inlet listens. The outlet numbers what it sends, from 1; the inlet counts the numbers that do
not come (and takes those back that come late). A datagram has no connection, so a writer counts
as dead when it has said nothing for two seconds after having said something.
"""

import select
import socket
import struct

from tickwork import errors
from tickwork.unit import unit as units
from tickwork_services import clocks
from tickwork_services.link import link, sockets
from tickwork_services.record import layout, market
from tickwork_services.wire import codec, ndjson

DATAGRAM_BYTES_MAX = 65_507
BATCH_RECORDS_MAX = 512
SILENCE_NS = 2_000_000_000
_SEQUENCE = struct.Struct("<Q")
_NOTHING = link.Batch(memoryview(b""), 0)


class UdpInlet(link.Inlet):
    """The reading end; listens."""

    def __init__(self, end: units.LinkEnd, seat: link.Seat) -> None:
        _check(end)
        self.name = end.link
        self._end = end
        self._codec = ndjson.NdjsonCodec(codec.Instruments(seat.symbols), seat.unix_offset_ns)
        self._silence_ns = end.options.get("silenceMs", SILENCE_NS // 1_000_000) * 1_000_000
        self._socket: socket.socket | None = None
        self._last = 0
        self._heard_ns: int | None = None
        self._received = 0
        self._lost = 0
        self._late = 0
        self._deaths = 0

    def open(self) -> None:
        """Binds; raises PortTakenError."""
        self._socket = sockets.bind_datagrams(
            f"The inlet of {self.name}", self._end.address, self._end.capacity_bytes
        )

    @property
    def address(self) -> str:
        """Where this end listens, with the port that the system chose for port 0."""
        if self._socket is None:
            return self._end.address
        return "{}:{}".format(*self._socket.getsockname())

    def read(self, timeout_ns: int) -> link.Batch:
        """Returns what has come, at most 512 records, or nothing after ``timeout_ns``."""
        bound = self._socket
        if bound is None:
            return _NOTHING
        poll = select.poll()
        poll.register(bound, select.POLLIN)
        if not poll.poll(timeout_ns / 1e6):
            return self._tell_silence()
        lost_before = self._lost
        records: list[bytes] = []
        while len(records) < BATCH_RECORDS_MAX:
            try:
                data = bound.recv(DATAGRAM_BYTES_MAX + 1)
            except BlockingIOError:
                break
            self._heard_ns = clocks.now_mono_ns()
            before = self._codec.records
            record = self._codec.feed(data) + self._codec.feed(b"\n")
            if self._codec.records > before:
                self._count(_SEQUENCE.unpack_from(record)[0])
                records.append(record)
        lost = max(0, self._lost - lost_before)
        return link.Batch(memoryview(b"".join(records)), len(records), lost)

    def pending(self) -> int:
        """Returns 0 or 1: the socket says only whether something waits."""
        if self._socket is None:
            return 0
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return len(poll.poll(0))

    def close(self) -> None:
        """Gives the port back."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def counters(self) -> dict[str, int]:
        """Returns received, lost, late, malformed, writerDeaths."""
        return {
            "received": self._received,
            "lost": self._lost,
            "late": self._late,
            "malformed": self._codec.malformed,
            "writerDeaths": self._deaths,
        }

    def _count(self, sequence: int) -> None:
        """Counts the numbers between the last one and this; a writer that restarts begins at 1."""
        self._received += 1
        if sequence > self._last:
            self._lost += sequence - self._last - 1
            self._last = sequence
        elif sequence == 1:
            self._last = 1
        else:
            self._late += 1
            self._lost = max(0, self._lost - 1)

    def _tell_silence(self) -> link.Batch:
        if self._heard_ns is None or clocks.now_mono_ns() - self._heard_ns < self._silence_ns:
            return _NOTHING
        self._heard_ns = None
        self._deaths += 1
        return link.Batch(memoryview(market.make_stale_status()), 1)


class UdpOutlet(link.Outlet):
    """The writing end; sends to the inlet's address and never waits."""

    def __init__(self, end: units.LinkEnd, seat: link.Seat) -> None:
        _check(end)
        self.name = end.link
        self._end = end
        self._codec = ndjson.NdjsonCodec(codec.Instruments(seat.symbols), seat.unix_offset_ns)
        self._socket: socket.socket | None = None
        self._sequence = 0
        self._sent = 0
        self._dropped = 0
        self._refused = 0

    def open(self) -> None:
        """Makes the socket; there is nothing to wait for."""
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.connect(sockets.parse_address(self._end.address))
        made.setblocking(False)
        self._socket = made

    def send(self, data: bytes | bytearray | memoryview, timeout_ns: int = 0) -> int:  # noqa: ARG002
        """Sends each record once; takes all. What does not fit or go is refused or dropped."""
        for record in layout.split(data):
            self._send_one(bytearray(record))
        return len(data)

    def close(self) -> None:
        """Closes the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def counters(self) -> dict[str, int]:
        """Returns sent, dropped (the system took no more), refused (over 65,507 bytes)."""
        return {"sent": self._sent, "dropped": self._dropped, "refused": self._refused}

    def _send_one(self, record: bytearray) -> None:
        _SEQUENCE.pack_into(record, 0, self._sequence + 1)
        datagram = self._codec.encode(record)
        if len(datagram) > DATAGRAM_BYTES_MAX:
            self._refused += 1
            return
        self._sequence += 1
        if self._socket is None:
            raise errors.LinkError(f"Sending on {self.name}: the outlet is not open.")
        try:
            self._socket.send(datagram)
        except (BlockingIOError, ConnectionRefusedError, InterruptedError):
            self._dropped += 1
        else:
            self._sent += 1


def _check(end: units.LinkEnd) -> None:
    if end.listener != "inlet" or end.topology != "pipe":
        raise errors.InputError(
            f"Making the link {end.link}: udp is a pipe whose inlet listens, "
            f"not a {end.topology} whose {end.listener} listens.",
            "Use tcp for the other forms.",
        )
