"""The recorder as a component: empties its pipe a hundred times a second, writes once a second.

It never sleeps in its pipe: whoever writes there would have to wake it, and pay for it. What the
forwarder could not put into the pipe is seen as a hole in the frame ids.
"""

import asyncio
import dataclasses
import pathlib
import threading
from collections.abc import Mapping
from typing import Any

from tickwork.unit.settings import recorder as recorder_settings
from tickwork_services import clocks
from tickwork_services.capture import twr, writing
from tickwork_services.host import component
from tickwork_services.link import link
from tickwork_services.record import frame, layout

LOOK_NS = 10_000_000
INLET = "frames"


@dataclasses.dataclass(frozen=True, slots=True)
class Counts:
    """What the recordings of several stretches hold and lack."""

    frames: int = 0
    dropped: int = 0
    unrecorded: int = 0
    payload_bytes: int = 0


class Recorder(component.Component):
    """Writes one recording a stretch; a disk that is full ends the recording, never the unit."""

    settings: recorder_settings.RecorderSettings

    def __init__(
        self, settings: recorder_settings.RecorderSettings, context: component.Context
    ) -> None:
        super().__init__(settings, context)
        self._inlet: link.Inlet = context.inlets[INLET]
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._take: Taking | None = None
        self._last: Taking | None = None
        self._past = Counts()

    async def open(self) -> None:
        """Nothing to prepare: the file is made at the start of a stretch."""

    async def start(self, stretch: component.Stretch) -> None:
        """Makes the file and begins to empty the pipe."""
        unit = self.context.unit
        head = twr.Head(
            venue=self.settings.venue,
            instruments=self.settings.instruments,
            origin={
                "experiment": unit.experiment,
                "run": unit.run,
                "unit": unit.path,
                "block": stretch.label,
            },
            clock=twr.Clock(stretch.unix_map.offset_ns, stretch.unix_map.bound_ns),
            lines=self.settings.lines,
            hold_ns=self.settings.hold_ms * 1_000_000,
        )
        self._past = self._counts()
        writer = writing.RecordingWriter(self._path(stretch), head, clocks.now_mono_ns)
        self._take = self._last = Taking(writer, head)
        self._ending.clear()
        self._thread = threading.Thread(
            target=self._run, args=(self._take,), name="recorder", daemon=True
        )
        self._thread.start()

    async def stop(self, drain_ns: int) -> int:  # noqa: ARG002 — one last look is a drain
        """Writes what is there, then the manifest; nothing is left over."""
        self._ending.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)
            self._thread = None
        if self._take is not None:
            await asyncio.to_thread(self._take.writer.close)
            if self._take.writer.reason is not None:
                self.context.log.warning("recording is partial", reason=self._take.writer.reason)
            self._take = None
        return 0

    async def close(self) -> None:
        """Ends a recording that still runs."""
        await self.stop(0)

    def counters(self) -> Mapping[str, int]:
        """Returns what was recorded and what was not; cumulative over stretches."""
        counts = self._counts()
        return {
            "frames": counts.frames,
            "dropped": counts.dropped,
            "unrecorded": counts.unrecorded,
            "payloadBytes": counts.payload_bytes,
        }

    def facts(self) -> Mapping[str, Any]:
        """Returns the file, its status with the reason, and SHA-256 over each connection."""
        if self._last is None:
            return {}
        writer = self._last.writer
        return {
            "file": str(writer.path),
            "status": writer.status,
            "reason": writer.reason,
            "frames": writer.count.frames,
            "fileBytes": writer.file_bytes,
            "connections": [dataclasses.asdict(each) for each in writer.connections()],
        }

    def serving(self) -> component.Serving:
        """Serves while it records."""
        if self._last is not None and self._last.writer.reason is not None:
            return component.Serving(False, self._last.writer.reason)
        return component.Serving(True)

    def _counts(self) -> "Counts":
        if self._last is None:
            return self._past
        writer, past = self._last.writer, self._past
        return Counts(
            past.frames + writer.count.frames,
            past.dropped + writer.dropped,
            past.unrecorded + writer.unrecorded,
            past.payload_bytes + writer.count.payload_bytes,
        )

    def _path(self, stretch: component.Stretch) -> pathlib.Path:
        settings = self.settings
        if settings.file is not None:
            return pathlib.Path(settings.file)
        name = f"{self.context.unit.run}-{stretch.label}{twr.SUFFIX}"
        return pathlib.Path(settings.directory or stretch.directory) / name

    def _run(self, taking: "Taking") -> None:
        try:
            while not self._ending.wait(LOOK_NS / 1e9):
                self._empty(taking)
                taking.writer.tick()
            self._empty(taking)
        except Exception as error:  # noqa: BLE001 — a thread's error ends the unit
            self.context.fail(error)

    def _empty(self, taking: "Taking") -> None:
        while (batch := self._inlet.read(0)).records:
            for record in layout.split(batch.data):
                if record[8] == layout.FRAME:
                    taking.take(frame.read_frame(record))
            taking.writer.tick()


class Taking:
    """Turns the frames of one stretch into lines; finds the holes in their ids."""

    def __init__(self, writer: writing.RecordingWriter, head: twr.Head) -> None:
        self.writer = writer
        self._head = head
        self._next_id: int | None = None

    def take(self, of: frame.Frame) -> None:
        """Writes one frame; what is missing before it is counted."""
        if self._next_id is not None and of.frame_id > self._next_id:
            self.writer.note_dropped(of.frame_id - self._next_id)
        self._next_id = of.frame_id + 1
        symbols = self._head.instruments
        is_answer = of.kind == frame.REST and of.instrument < len(symbols)
        self.writer.add(
            twr.Entry(
                of.received_ns + self._head.clock.offset_ns,
                of.connection,
                of.kind,
                of.payload,
                symbols[of.instrument] if is_answer else None,
                of.line,
            )
        )
