"""The verb on a real terminal: what it costs, and that it goes cleanly."""

import fcntl
import os
import pathlib
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator

import pytest
import tickwork_native
from tickwork_services import clocks
from tickwork_services.record import layout, market

SECONDS = 4
SHARE_MAX = 0.03
EVERY_NS = 5_000_000
TICKS = os.sysconf("SC_CLK_TCK")


@pytest.fixture
def segment(tmp_path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Two hundred images a second of each of eight books."""
    path = tmp_path / "book"
    symbols = [(f"S{number}USDT", 2) for number in range(8)]
    writer = tickwork_native.Publication.create(path, "demo", symbols, 1024, 1 << 16, 20)
    ending = threading.Event()

    def write() -> None:
        update_id = 0
        while not ending.wait(EVERY_NS / 1e9):
            update_id += 1
            writer.send(b"".join(_image(update_id, number) for number in range(8)))

    thread = threading.Thread(target=write)
    thread.start()
    yield path
    ending.set()
    thread.join()
    writer.close()


def _image(update_id: int, instrument: int) -> bytes:
    return market.Market(
        type=layout.SNAPSHOT,
        venue=2,
        state=layout.LIVE,
        flags=layout.FLAG_IMAGE,
        instrument=instrument,
        price_exponent=-2,
        quantity_exponent=-3,
        last=update_id,
        received_ns=tickwork_native.monotonic_raw_ns(),
        bids=((6_160_201, update_id),),
        asks=((6_160_202, 2_500),),
    ).to_bytes()


def cpu_seconds(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def read_until(descriptor: int, until_ns: int, wanted: bytes | None = None) -> bytes:
    output = b""
    while clocks.now_mono_ns() < until_ns and (wanted is None or wanted not in output):
        if select.select([descriptor], [], [], 0.1)[0]:
            try:
                output += os.read(descriptor, 1 << 16)
            except OSError:
                break
    return output


def test_five_looks_a_second_cost_little_and_ctrl_c_is_clean(segment: pathlib.Path) -> None:
    leader, follower = pty.openpty()
    fcntl.ioctl(leader, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 120, 0, 0))
    command = [sys.executable, "-m", "tickwork_cli.main", "watch", str(segment)]
    with subprocess.Popen(
        command, stdin=follower, stdout=follower, stderr=follower, start_new_session=True
    ) as watching:
        os.close(follower)
        begun_ns = clocks.now_mono_ns()
        assert b"S7USDT" in read_until(leader, begun_ns + 60_000_000_000, b"S7USDT")
        before, before_ns = cpu_seconds(watching.pid), clocks.now_mono_ns()
        output = read_until(leader, before_ns + SECONDS * 1_000_000_000)
        spent = cpu_seconds(watching.pid) - before
        seconds = (clocks.now_mono_ns() - before_ns) / 1e9
        watching.send_signal(signal.SIGINT)
        rest = read_until(leader, clocks.now_mono_ns() + 20_000_000_000)
        assert watching.wait(20) == 0
    os.close(leader)
    assert b"Traceback" not in output + rest
    assert rest.endswith(b"\x1b[?25h"), "the cursor is shown again"
    assert output.count(b"tops/s") >= 2 * SECONDS, "it draws, even on a busy machine"
    assert spent / seconds < SHARE_MAX


def test_without_a_terminal_it_prints_a_line_a_second(segment: pathlib.Path) -> None:
    command = [sys.executable, "-m", "tickwork_cli.main", "watch", str(segment)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        lines = [watching.stdout.readline() for _ in range(2)]
        watching.send_signal(signal.SIGINT)
        assert watching.wait(20) == 0
    assert all("8/8 LIVE" in line for line in lines)
