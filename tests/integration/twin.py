"""A twin on free ports in the test's own loop, and what a test needs to talk to it."""

import asyncio
import contextlib
import http.client
import json
import pathlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from tickwork_services import clocks
from tickwork_services.components.venue_twin import venue_twin
from tickwork_services.host import component

from tickwork.unit import unit
from tickwork.unit.settings import venue_twin as settings_of

INSTRUMENTS = ("BTCUSDT", "ETHUSDT")


class Silent:
    """A meter and a logger that keep nothing."""

    def counters(self, read: component.ReadCounters) -> None:
        pass

    def histogram(self, histogram: Any) -> None:
        pass

    def debug(self, event: str, **fields: Any) -> None:
        pass

    info = warning = error = debug


class Clock:
    """A clock that the test moves; it also runs, so that waiting makes sense."""

    def __init__(self) -> None:
        self.ahead_ns = 0

    def __call__(self) -> int:
        return clocks.now_mono_ns() + self.ahead_ns


class Rig:
    """One open twin."""

    def __init__(self, twin: venue_twin.VenueTwin, directory: pathlib.Path) -> None:
        self.twin = twin
        self.directory = directory
        self.blocks = 0

    def url(self, path: str, scheme: str = "ws") -> str:
        return f"{scheme}://{self.twin.addresses['websocket']}{path}"

    async def start(self, seconds: float | None = 600) -> component.Stretch:
        now_ns = clocks.now_mono_ns()
        directory = self.directory / str(self.blocks)
        directory.mkdir()
        stretch = component.Stretch(
            block=self.blocks,
            arm="main",
            label=directory.name,
            start_ns=now_ns,
            measure_from_ns=now_ns,
            stop_ns=None if seconds is None else now_ns + int(seconds * 1e9),
            directory=directory,
            unix_map=clocks.measure_unix_map(),
        )
        self.blocks += 1
        await self.twin.start(stretch)
        return stretch

    async def get(self, target: str) -> tuple[int, dict[str, str], Any]:
        """Returns status, headers (lower case) and the JSON of an answer."""
        status, headers, body = await asyncio.to_thread(self._get, target)
        return status, headers, json.loads(body)

    async def get_bytes(self, target: str) -> bytes:
        """Returns the body of an answer as it came."""
        return (await asyncio.to_thread(self._get, target))[2]

    def _get(self, target: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.twin.addresses["rest"], timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", target)
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, headers, answer.read()

    def count(self, name: str) -> int:
        return self.twin.counters()[name]


def make_context(listens: dict[str, str] | None = None) -> component.Context:
    spec = unit.ComponentSpec(
        name="twin", component="venue_twin", settings={}, listens=listens or {}
    )
    of = unit.Unit(
        run="r",
        experiment="e",
        arm="main",
        group="venue",
        name="twin",
        control="unix:/nowhere",
        metrics="127.0.0.1:0",
        output_directory="/nowhere",
        segment_directory="/nowhere",
        wait="park",
        components=(spec,),
    )
    silent = Silent()
    return component.Context(of, spec, {}, {}, silent, silent)


def make_settings(name: str = "binance-spot", **changes: Any) -> settings_of.VenueTwinSettings:
    values: dict[str, Any] = {
        "venue": name,
        "instruments": INSTRUMENTS,
        "seed": 7,
        "engine": {"messages_per_second": 1000},
    }
    return settings_of.VenueTwinSettings.model_validate(values | changes)


@contextlib.asynccontextmanager
async def open_twin(
    directory: pathlib.Path,
    now_ns: Callable[[], int] = clocks.now_mono_ns,
    listens: dict[str, str] | None = None,
    **changes: Any,
) -> AsyncIterator[Rig]:
    name = changes.pop("name", "binance-spot")
    twin = venue_twin.VenueTwin(make_settings(name, **changes), make_context(listens), now_ns)
    try:
        await twin.open()
        yield Rig(twin, directory)
    finally:
        await twin.close()
