"""One end of a segment in a process of its own, to be killed: python actor.py ROLE PATH.

Prints one line per stage that a test waits for; a line of input ends it in peace.
"""

import pathlib
import sys

import native_records
import tickwork_native

INSTRUMENTS = [("BTCUSDT", 1), ("ETHUSDT", 1)]
RING_SLOTS = 256
DEPTH_BYTES = 1 << 16
TABLE_LEVELS = 20
PIPE_BYTES = 1 << 16
BATCH = 16


def publication(path: pathlib.Path) -> tickwork_native.Publication:
    """Makes or takes over the publication that every test uses."""
    return tickwork_native.Publication.create(
        path, "demo", INSTRUMENTS, RING_SLOTS, DEPTH_BYTES, TABLE_LEVELS
    )


def publish(path: pathlib.Path) -> None:
    """Publishes images and deltas whose every field says the same number, for ever."""
    writer = publication(path)
    number = tickwork_native.inspect_segment(path)["regions"][1]["newest_sequence"]
    say("ready")
    while True:
        number += 1
        levels = number % 20 + 1
        image = native_records.image(number, instrument=number % 2, levels=levels)
        delta = native_records.market(native_records.DELTA, number, levels=levels)
        writer.send(image + delta)


def send(path: pathlib.Path) -> None:
    """Sends frames of growing length through a pipe, for ever; waits while it is full."""
    writer = tickwork_native.PipeWriter.create(path, PIPE_BYTES, "frames")
    number = writer.sent
    say("ready")
    while True:
        ids = range(number, number + BATCH)
        frames = [native_records.frame(n, bytes([n % 251]) * (n % 700)) for n in ids]
        number += writer.send(b"".join(frames), 1_000_000_000)


def receive(path: pathlib.Path) -> None:
    """Reads a pipe and says the frame ids of each batch, before it gives the room back."""
    reader = tickwork_native.PipeReader.attach(path)
    say("ready")
    while not reader.ended:
        batch = reader.read_batch(8192, 1_000_000_000)
        if batch is not None:
            say(" ".join(str(frame_id) for frame_id in checked_frames(bytes(batch))))


def follow(path: pathlib.Path) -> None:
    """Reads the tops of a publication through whatever happens to its writer."""
    ring = tickwork_native.RingReader.attach(path)
    say("ready")
    while True:
        ring.wait(1_000_000_000)
        checked_tops(ring.read_bytes(4096)[0])


def hold(path: pathlib.Path) -> None:
    """Makes a publication, and lives until its input ends."""
    writer = publication(path)
    writer.send(native_records.image(1))
    say("ready")
    sys.stdin.read()


def checked_tops(tops: bytes) -> int:
    """Returns the newest update id; raises where a top mixes two or goes back."""
    last = 0
    for at in range(0, len(tops), 64):
        top = tops[at : at + 64]
        number = int.from_bytes(top[16:24], "little")
        bid = int.from_bytes(top[24:32], "little", signed=True)
        quantity = int.from_bytes(top[32:40], "little", signed=True)
        if number and (bid, quantity) != (1000 * number - 1, number):
            raise ValueError(f"torn: top {top.hex()}")
        last = max(last, number)
    return last


def checked_frames(batch: bytes) -> list[int]:
    """Returns the frame ids of whole frames; raises where a payload is not its frame's."""
    ids = []
    at = 0
    while at < len(batch):
        length = int.from_bytes(batch[at + 36 : at + 40], "little")
        frame_id = int.from_bytes(batch[at + 56 : at + 64], "little")
        payload = batch[at + 64 : at + 64 + length]
        if length != frame_id % 700 or payload != bytes([frame_id % 251]) * length:
            raise ValueError(f"torn: frame {frame_id} of {length} bytes")
        ids.append(frame_id)
        at += 64 + length + -length % 64
    return ids


def say(text: str) -> None:
    """Writes one line and sends it off."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


ROLES = {"publish": publish, "send": send, "receive": receive, "follow": follow, "hold": hold}

if __name__ == "__main__":
    ROLES[sys.argv[1]](pathlib.Path(sys.argv[2]))
