"""How many messages a second the forwarder reads on one core, and what share of it that takes.

``python benchmarks/forwarder.py [--rate 20000] [--seconds 5] [--lines 1] [--core 0]``: a blaster in
a process of its own paces single frames (one send each, TCP_NODELAY) at each line; the forwarder
reads them into the native outlet, a reader drains its pipe. Says messages sent and read, frames
dropped, CPU seconds of the forwarder's process per second, kernel → user delay, late sends of the
blaster. A figure is only as good as the blaster kept its pace: ``lateP99Us`` says so.
"""

import argparse
import asyncio
import base64
import hashlib
import json
import multiprocessing
import multiprocessing.connection
import os
import pathlib
import socket
import statistics
import struct
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))

import tickwork_native
from integration.forwarder import stand_ins
from tickwork_services.components.forwarder import forwarder
from tickwork_services.record import layout

from tickwork.unit.settings.forwarder import ForwarderSettings

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
STAMPS = struct.Struct("<qq")
LEVELS = 18
"""Levels a side of each diff: about 1,000 bytes, as on the recorded USD-M stream."""


def make_frame(number: int) -> bytes:
    levels = [[f"{60_000 + number % 97 + n / 10:.2f}", f"{n + 1}.125"] for n in range(LEVELS)]
    data = {"e": "depthUpdate", "E": 1, "T": 1, "s": "BTCUSDT", "U": number, "u": number}
    data |= {"pu": number - 1, "b": levels, "a": levels}
    message = {"stream": "btcusdt@depth@0ms", "data": data}
    payload = json.dumps(message, separators=(",", ":")).encode()
    return b"\x81\x7e" + struct.pack(">H", len(payload)) + payload


def welcome(near: socket.socket) -> None:
    """Shakes hands and accepts the first subscription, whatever it asks for."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += near.recv(4096)
    key = next(x for x in head.split(b"\r\n") if x.lower().startswith(b"sec-websocket-key"))
    accept = base64.b64encode(hashlib.sha1(key.split(b": ")[1] + MAGIC).digest())
    near.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    near.recv(1 << 16)
    answer = b'{"result":null,"id":1}'
    near.sendall(bytes([0x81, len(answer)]) + answer)


def blast(pipe: multiprocessing.connection.Connection, lines: int, rate: int, count: int) -> None:
    """Sends ``count`` frames to each line, paced to ``rate`` a second and line."""
    os.sched_setaffinity(0, {1 % (os.cpu_count() or 1)})
    frames = [make_frame(number) for number in range(1, count + 1)]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        pipe.send(listening.getsockname()[1])
        near = [listening.accept()[0] for _ in range(lines)]
        for each in near:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            welcome(each)
        pipe.recv()
        late = pace(near, frames, rate)
        pipe.send((late, sum(map(len, frames))))
        pipe.recv()
        for each in near:
            each.close()


def pace(near: list[socket.socket], frames: list[bytes], rate: int) -> list[int]:
    began, late = time.perf_counter_ns(), []
    for number, frame in enumerate(frames):
        due = began + number * 1_000_000_000 // rate
        while (now := time.perf_counter_ns()) < due:
            pass
        late.append(now - due)
        for each in near:
            each.sendall(frame)
    return late


class Outlet:
    """The outlet of frames: a native pipe, drained by a thread that keeps the receive delays."""

    def __init__(self, directory: pathlib.Path) -> None:
        path = directory / "frames"
        self.writer = tickwork_native.PipeWriter.create(path, 16 << 20, "frames")
        self.reader = tickwork_native.PipeReader.attach(path)
        self.delays_ns: list[int] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._drain)
        self._thread.start()

    def native(self) -> tickwork_native.PipeWriter:
        return self.writer

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self.reader.close()
        self.writer.close()

    def _drain(self) -> None:
        while not self._stop.is_set():
            batch = self.reader.read_batch(1 << 20, 20_000_000)
            if batch is not None:
                kernel_ns, received_ns = STAMPS.unpack_from(batch, 16)
                if kernel_ns != layout.ABSENT:
                    self.delays_ns.append(received_ns - kernel_ns)
            time.sleep(0.01)


def measure(lines: int, rate: int, seconds: float, core: int) -> dict[str, object]:
    count = int(rate * seconds)
    ours, theirs = multiprocessing.Pipe()
    blaster = multiprocessing.get_context("spawn").Process(
        target=blast, args=(theirs, lines, rate, count)
    )
    blaster.start()
    address = f"127.0.0.1:{ours.recv()}"
    bench = stand_ins.make_bench(
        {"websocket": address, "rest": "127.0.0.1:1"}, lines=lines, instruments=("BTCUSDT",)
    )
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    with tempfile.TemporaryDirectory() as directory:
        outlet = Outlet(pathlib.Path(directory))
        bench.forwarder.context.outlets["frames"] = outlet
        bench.forwarder = forwarder.Forwarder(
            ForwarderSettings(**bench.settings), bench.forwarder.context
        )
        bench.start(pathlib.Path(directory))
        stand_ins.wait_until(lambda: bench.forwarder.counters()["connects"] == lines, "lines")
        before, began = time.process_time(), time.perf_counter()
        ours.send("go")
        late, sent_bytes = ours.recv()
        stand_ins.wait_until(
            lambda: bench.forwarder.counters()["messages"] >= count * lines, "the last", 60
        )
        took, cpu = time.perf_counter() - began, time.process_time() - before
        counters = dict(bench.forwarder.counters())
        asyncio.run(bench.forwarder.close())
        outlet.close()
    os.sched_setaffinity(0, cores)
    ours.send("end")
    blaster.join()
    return {
        "rate": rate,
        "lines": lines,
        "sent": count * lines,
        "read": counters["messages"],
        "framesDropped": counters["framesDropped"],
        "messagesPerSecond": round(counters["messages"] / took),
        "bytesPerMessage": sent_bytes // count,
        "cpuShare": round(cpu / took, 3),
        "cpuMicrosecondsPerMessage": round(cpu / counters["messages"] * 1e6, 2),
        "messagesPerRead": round(counters["messages"] / counters["reads"], 2),
        "kernelStamped": counters["kernelStamped"],
        "receiveDelayP50Us": statistics.median(outlet.delays_ns or [-1]) / 1e3,
        "lateP50Us": statistics.median(late) / 1e3,
        "lateP99Us": sorted(late)[len(late) * 99 // 100] / 1e3,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=20_000, help="messages a second and line")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--lines", type=int, default=1)
    parser.add_argument("--core", type=int, default=0)
    given = parser.parse_args()
    print(json.dumps(measure(given.lines, given.rate, given.seconds, given.core), indent=1))


if __name__ == "__main__":
    main()
