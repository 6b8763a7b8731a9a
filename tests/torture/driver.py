"""Three scenes, each with a process that is killed at a random instant and started again."""

import dataclasses
import pathlib
import random
import tempfile
import time

import tickwork_native
from integration.ring import actor

from torture import living

SECOND_NS = 1_000_000_000
DELAY_SECONDS_MAX = 0.05


@dataclasses.dataclass
class Score:
    """What a run has counted."""

    kills: int = 0
    torn: int = 0
    miscounted: int = 0
    problems: list[str] = dataclasses.field(default_factory=list)

    def tear(self, text: str) -> None:
        """Counts a record or book that mixes two."""
        self.torn += 1
        self.problems.append(f"torn: {text}")

    def miscount(self, text: str) -> None:
        """Counts a record that came twice, out of order, or never without being counted."""
        self.miscounted += 1
        self.problems.append(f"miscounted: {text}")


def torture(seconds: float, seed: int, kills_min: int = 0) -> Score:
    """Plays the scenes in turn for ``seconds``, or longer until there were ``kills_min``.

    Every delay is drawn from ``seed``.
    """
    score = Score()
    draw = random.Random(seed)
    until = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="tickwork-torture-", dir="/dev/shm") as directory:
        scenes = [
            BroadcastScene(pathlib.Path(directory) / "book", score),
            PipeScene(pathlib.Path(directory) / "written", score),
            ReaderScene(pathlib.Path(directory) / "read", score),
        ]
        while time.monotonic() < until or score.kills < kills_min:
            for scene in scenes:
                scene.play(draw.uniform(0, DELAY_SECONDS_MAX))
        for scene in scenes:
            scene.end()
    return score


class BroadcastScene:
    """The writer of rings and table dies; one reader follows all its lives."""

    def __init__(self, path: pathlib.Path, score: Score) -> None:
        self._path = path
        self._score = score
        actor.publication(path).close()
        self._ring = tickwork_native.RingReader.attach(path)
        self._depth = tickwork_native.DepthReader.open(path)
        self._books = tickwork_native.Books.open(path)
        self._top = 0
        self._last = 0

    def play(self, delay: float) -> None:
        """One life of the writer, read while it writes and after its death."""
        with living.living("publish", self._path):
            until = time.monotonic() + delay
            while time.monotonic() < until:
                self._look(alive=True)
        self._score.kills += 1
        self._look(alive=False)

    def end(self) -> None:
        """Counts the whole against the sequences, once a last writer has mended the segment."""
        writer = actor.publication(self._path)
        self._look(alive=True)
        writer.send(actor.native_records.market(actor.native_records.DELTA, 1 << 40, levels=1))
        self._look(alive=True)
        regions = {r["kind"]: r for r in tickwork_native.inspect_segment(self._path)["regions"]}
        for kind, reader in (("top", self._ring), ("depth", self._depth)):
            known = reader.received + reader.lost
            if known != regions[kind]["newest_sequence"]:
                self._score.miscount(f"{kind}: {known} of {regions[kind]['newest_sequence']}")
        writer.close()

    def _look(self, *, alive: bool) -> None:
        try:
            self._read_rings()
            for symbol in self._books.symbols:
                self._check_book(self._books[symbol])
        except tickwork_native.SegmentCorrupt as error:
            # A book whose writer died in the middle of it says so, until the next one mends it.
            if alive or "died while it wrote" not in str(error):
                self._score.tear(str(error))
        except ValueError as error:
            self._score.tear(str(error))

    def _read_rings(self) -> None:
        tops, lost = self._ring.read_bytes(4096)
        for at in range(0, len(tops), 64):
            sequence = int.from_bytes(tops[at : at + 8], "little")
            if at == 0:
                if sequence != self._top + lost + 1:
                    self._score.miscount(f"top {sequence} after {self._top} and {lost} lost")
            elif sequence <= self._top:
                self._score.miscount(f"top {sequence} after {self._top}")
            self._top = sequence
        actor.checked_tops(tops)
        self._check_depth(*self._depth.read_batch())

    def _check_depth(self, records: bytes, lost: int) -> None:
        at = 0
        while at < len(records):
            sequence = int.from_bytes(records[at : at + 8], "little")
            number = int.from_bytes(records[at + 24 : at + 32], "little")
            levels = int.from_bytes(records[at + 64 : at + 68], "little")
            if sequence != self._last + 1 + lost:
                self._score.miscount(f"depth {sequence} after {self._last} and {lost} lost")
            (self._last, lost) = (sequence, 0)
            for index in range(2 * levels):
                level = at + 128 + 16 * index
                if int.from_bytes(records[level + 8 : level + 16], "little") != number:
                    self._score.tear(f"depth record {number}, level {index}")
            at += (128 + 32 * levels + 63) & ~63

    def _check_book(self, book: tickwork_native.Book) -> None:
        quantities = {quantity for _, quantity in book.bids + book.asks}
        if quantities - {book.update_id}:
            self._score.tear(f"book {book.symbol} {book.update_id}: {quantities}")


class PipeScene:
    """The writer of a pipe dies; its reader gets every frame once, in order, whole."""

    def __init__(self, path: pathlib.Path, score: Score) -> None:
        self._path = path
        self._score = score
        self._expected = 0

    def play(self, delay: float) -> None:
        """One life of the writer."""
        with living.living("send", self._path):
            reader = tickwork_native.PipeReader.attach(self._path)
            until = time.monotonic() + delay
            while time.monotonic() < until:
                self._read(reader)
        self._score.kills += 1
        while self._read(reader):
            pass
        if reader.pending_bytes:
            self._score.miscount(f"{reader.pending_bytes} bytes are left and cannot be read")
        reader.close()

    def end(self) -> None:
        """Nothing is left to count."""

    def _read(self, reader: tickwork_native.PipeReader) -> bool:
        batch = reader.read_batch(1 << 16)
        if batch is None:
            return False
        try:
            ids = actor.checked_frames(bytes(batch))
        except ValueError as error:
            self._score.tear(str(error))
            return True
        if ids != list(range(self._expected, self._expected + len(ids))):
            self._score.miscount(f"pipe {ids[:3]}… instead of {self._expected}…")
        self._expected = ids[-1] + 1
        reader.release()
        return True


class ReaderScene:
    """The reader of a pipe dies; the next one gets what it had not given back, nothing less."""

    def __init__(self, path: pathlib.Path, score: Score) -> None:
        self._path = path
        self._score = score
        self._writer = tickwork_native.PipeWriter.create(path, actor.PIPE_BYTES, "frames")
        self._sent = 0
        self._read = 0

    def play(self, delay: float) -> None:
        """One life of the reader, fed while it reads."""
        self._feed()
        with living.living("receive", self._path) as life:
            until = time.monotonic() + delay
            while time.monotonic() < until:
                self._feed()
            said = life.kill()
        self._score.kills += 1
        whole = said[: said.rfind("\n") + 1]
        for line in whole.splitlines():
            ids = [int(word) for word in line.split()]
            # The batch in hand when it died comes again.
            if not ids or ids[0] > self._read or ids != list(range(ids[0], ids[0] + len(ids))):
                self._score.miscount(f"reader got {ids[:3]}… and had read {self._read}")
            self._read = max(self._read, ids[-1] + 1)

    def end(self) -> None:
        """Reads the rest: every frame that was sent has come."""
        reader = tickwork_native.PipeReader.attach(self._path)
        while (batch := reader.read_batch()) is not None:
            ids = actor.checked_frames(bytes(batch))
            if ids[0] > self._read:
                self._score.miscount(f"frames {self._read} to {ids[0]} never came")
            self._read = ids[-1] + 1
        if self._read != self._sent:
            self._score.miscount(f"{self._read} of {self._sent} frames came")
        reader.close()
        self._writer.close()

    def _feed(self) -> None:
        frames = b"".join(
            actor.native_records.frame(n, bytes([n % 251]) * (n % 700))
            for n in range(self._sent, self._sent + 8)
        )
        self._sent += self._writer.try_send(frames)
