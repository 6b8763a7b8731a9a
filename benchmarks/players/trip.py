"""Two Python processes, one message in flight or batches one way, over one transport.

The player starts its partner on the other core and tells it what to do through a pipe of the
system, so that nobody spins between blocks.
"""

import mmap
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import player

PARTNER_CORE = 1
SIZE = 64
NUMBER = struct.Struct("<Q")
NUMBER_AT = 56
TRIPS, GROUPS = 64, 100
BATCH = 64
FLOOD = BATCH * 10_000
SLOTS = 16_384
PIPE_BYTES = SLOTS * SIZE


def record() -> bytearray:
    """64 bytes that every transport takes; ours reads them as a frame without payload."""
    made = bytearray(SIZE)
    made[8], made[9], made[10] = 1, 1, 3
    struct.pack_into("<HH", made, 12, 0xFFFF, 0)
    return made


class Pipe:
    """Our pipe, one record a call or whole batches."""

    def __init__(self, directory: pathlib.Path, side: int) -> None:
        import tickwork_native

        names = ("there", "back")
        out, into = directory / names[side], directory / names[1 - side]
        self._writer = tickwork_native.PipeWriter.create(out, PIPE_BYTES, names[side])
        self._reader = attach(lambda: tickwork_native.PipeReader.attach(into))
        self.send, self.receive = self._writer.try_send, self._reader.read_record

    def flood(self, count: int) -> None:
        batch = memoryview(bytes(record() * BATCH))
        send, left = self._writer.try_send, count
        whole = bytes(batch)
        while left:
            sent = send(whole)
            while sent < BATCH:
                sent += send(batch[sent * SIZE :])
            left -= BATCH

    def drain(self, count: int) -> int:
        read, got, began = self._reader.read_batch, 0, 0
        while got < count:
            batch = read()
            if batch is not None:
                began = began or time.perf_counter_ns()
                got += len(batch) // SIZE
        self._reader.release()
        return time.perf_counter_ns() - began


class Ring:
    """Our broadcast ring: an image in, a top out."""

    def __init__(self, directory: pathlib.Path, side: int) -> None:
        import native
        import tickwork_native

        names = ("top-there", "top-back")
        out, into = directory / names[side], directory / names[1 - side]
        self._publication = tickwork_native.Publication.create(
            out, "trip", [("BTCUSDT", 1)], 4096, 1 << 16, 1
        )
        self._reader = attach(lambda: tickwork_native.RingReader.attach(into))
        self._image = bytearray(native.image_record())

    def send(self, message: bytes) -> int:
        self._image[24:32] = message[NUMBER_AT:]
        return self._publication.send(self._image)

    def receive(self) -> bytes | None:
        top, _ = self._reader.read_bytes(1)
        return None if not top else top[:48] + bytes(8) + top[16:24]


class Extension:
    """The C extension of ``benchmarks/probes``: what any native ring behind Python reaches."""

    def __init__(self, directory: pathlib.Path, side: int) -> None:
        import ring_extension

        def ring(name: str) -> Any:
            path = directory / name
            if side == 0:
                made = path.with_suffix(".new")
                made.write_bytes(bytes(4096 + SLOTS * SIZE))
                made.rename(path)
            with open(path, "r+b") as file:
                memory = mmap.mmap(file.fileno(), 0)
            return ring_extension.Ring(memory, SLOTS, SIZE)

        rings = [attach(lambda: ring("c-there")), attach(lambda: ring("c-back"))]
        self._out, self._into = rings[side], rings[1 - side]
        self.send, self.receive = self._out.push, self._into.pop

    def flood(self, count: int) -> None:
        whole = [bytes(record())] * BATCH
        push, left = self._out.push_many, count
        while left:
            sent = push(whole)
            while sent < BATCH:
                sent += push(whole[sent:])
            left -= BATCH

    def drain(self, count: int) -> int:
        pop, got, began = self._into.pop_many, 0, 0
        while got < count:
            batch = pop(BATCH * 4)
            if batch:
                began = began or time.perf_counter_ns()
                got += len(batch)
        return time.perf_counter_ns() - began


class Iceoryx2:
    """iceoryx2's Python package, polled."""

    def __init__(self, directory: pathlib.Path, side: int) -> None:
        import ctypes

        import iceoryx2

        class Message(ctypes.Structure):
            _fields_ = [("bytes", ctypes.c_char * SIZE)]
            _pack_ = 1

        iceoryx2.set_log_level(iceoryx2.LogLevel.Error)
        self._node = iceoryx2.NodeBuilder.new().create(iceoryx2.ServiceType.Ipc)

        def service(name: str) -> Any:
            full = iceoryx2.ServiceName.new(f"{directory.name}/{name}")
            builder = self._node.service_builder(full).publish_subscribe(Message)
            builder = builder.subscriber_max_buffer_size(4096).max_publishers(1)
            return builder.max_subscribers(1).open_or_create()

        names = ("there", "back")
        self._services = service(names[side]), service(names[1 - side])
        self._publisher = self._services[0].publisher_builder().create()
        self._subscriber = self._services[1].subscriber_builder().create()
        self._make, self._receive = Message.from_buffer_copy, self._subscriber.receive

    def ready(self) -> None:
        self._publisher.update_connections()

    def send(self, message: bytes) -> Any:
        return self._publisher.send_copy(self._make(message))

    def receive(self) -> bytes | None:
        sample = self._receive()
        if sample is None:
            return None
        message = bytes(sample.payload().contents)
        sample.delete()
        return message


TRANSPORTS = {"pipe": Pipe, "ring": Ring, "extension": Extension, "iceoryx2": Iceoryx2}


def attach(make: Callable[[], Any]) -> Any:
    """Attaches to what the other process is making just now."""
    end = time.monotonic() + 20
    while True:
        try:
            return make()
        except Exception:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


class Partner:
    """The other process, and our end of the transport."""

    def __init__(self, transport: str) -> None:
        self._directory = pathlib.Path(tempfile.mkdtemp(prefix="tickwork-bench-", dir="/dev/shm"))
        command = [sys.executable, __file__, "--partner", transport, str(self._directory)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            self.end = TRANSPORTS[transport](self._directory, 0)
            self.hear()
        except Exception:
            self.close()
            raise
        if hasattr(self.end, "ready"):
            self.end.ready()
            self.tell("ready 0")
            self.hear()

    def tell(self, order: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(order + "\n")
        self._process.stdin.flush()

    def hear(self) -> None:
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            raise ValueError("the partner ended; is its transport installed?")

    def close(self) -> None:
        try:
            self._process.communicate(timeout=5)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.communicate()
        shutil.rmtree(self._directory, ignore_errors=True)


partners: list[Partner] = []


def trip(transport: str) -> Callable[[player.Corpus], player.Row]:
    def make(_: player.Corpus) -> player.Row:
        partner = Partner(transport)
        partners.append(partner)
        send, receive = partner.end.send, partner.end.receive
        pack, unpack = NUMBER.pack, NUMBER.unpack_from
        head = bytes(record()[:NUMBER_AT])

        def once() -> player.Pass:
            groups = []
            partner.tell(f"trip {TRIPS * GROUPS}")
            cpu = time.thread_time_ns()
            for group in range(GROUPS):
                began = time.perf_counter_ns()
                for number in range(group * TRIPS, group * TRIPS + TRIPS):
                    send(head + pack(number))
                    while (answer := receive()) is None:
                        pass
                    if unpack(answer, NUMBER_AT)[0] != number:
                        raise ValueError("a wrong echo")
                groups.append(time.perf_counter_ns() - began)
            cpu = time.thread_time_ns() - cpu
            partner.hear()
            told = sorted(groups)[GROUPS // 2] * GROUPS
            return TRIPS * GROUPS, told, cpu * told / sum(groups)

        return once

    return make


def flood(transport: str) -> Callable[[player.Corpus], player.Row]:
    def make(_: player.Corpus) -> player.Row:
        partner = Partner(transport)
        partners.append(partner)

        def once() -> player.Pass:
            partner.tell(f"flood {FLOOD}")
            cpu = time.thread_time_ns()
            took = partner.end.drain(FLOOD)
            cpu = time.thread_time_ns() - cpu
            partner.hear()
            return FLOOD, took, min(cpu, took)

        return once

    return make


def serve_partner(transport: str, directory: str) -> None:
    player.pin(PARTNER_CORE)
    end = TRANSPORTS[transport](pathlib.Path(directory), 1)
    print("made", flush=True)
    for line in sys.stdin:
        verb, count = line.split()
        if verb == "ready":
            end.ready()
        elif verb == "flood":
            end.flood(int(count))
        else:
            send, receive = end.send, end.receive
            for _ in range(int(count)):
                while (message := receive()) is None:
                    pass
                send(message)
        print("done", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "--partner":
        serve_partner(*sys.argv[2:])
    else:
        try:
            rows = {f"trip-{name}": trip(name) for name in TRANSPORTS}
            player.serve(rows | {f"flood-{name}": flood(name) for name in ("pipe", "extension")})
        finally:
            for each in partners:
                each.close()
