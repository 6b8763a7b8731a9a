"""What a unit leaves of a block: ``hops.hlog``, ``counters.json``, ``series.ndjson``.

All are written every second while the block runs, so that a unit that dies leaves its last state;
until the stop completes ``counters.json`` says ``partial: true``.
"""

import importlib
import json
import pathlib
import threading
from collections.abc import Callable, Mapping
from typing import Any

from tickwork import run_directory
from tickwork_services import clocks
from tickwork_services.host import cgroups, component, environment, meter
from tickwork_services.telemetry import naming

INTERVAL_NS = 1_000_000_000


class StretchOutputs:
    """Writes one block's outputs from a thread of its own."""

    def __init__(
        self,
        unit: str,
        stretch: component.Stretch,
        *,
        registry: meter.Registry,
        links: Callable[[], Mapping[str, Mapping[str, int]]],
        facts: Callable[[], Mapping[str, Mapping[str, Any]]],
        books: Callable[[], Mapping[str, Mapping[str, Any]]],
        host: Mapping[str, Any],
        fail: component.Fail,
    ) -> None:
        self._unit = unit
        self._stretch = stretch
        self._registry = registry
        self._links = links
        self._facts = facts
        self._books = books
        self._host = host
        self._fail = fail
        self._started_unix_ns = 0
        self._lateness_ns = 0
        self._base = registry.read()
        self._links_base = {name: dict(each) for name, each in links().items()}
        self._throttling = cgroups.read_throttling()
        self._log = _open_log(stretch.directory, registry)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="outputs", daemon=True)

    def start(self) -> None:
        """Writes the first state and goes on once a second."""
        self._write(partial=True)
        self._thread.start()

    def mark_started(self, started_unix_ns: int, lateness_ns: int) -> None:
        """Notes when the stretch really began."""
        self._started_unix_ns = started_unix_ns
        self._lateness_ns = lateness_ns

    def finish(self, *, partial: bool) -> None:
        """Ends the thread and writes the last state; partial where the unit failed."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        self._write(partial=partial)
        if self._log is not None:
            self._log.close()

    def _run(self) -> None:
        try:
            while not self._ending.wait(INTERVAL_NS / 1e9):
                self._write(partial=True)
        except Exception as error:  # noqa: BLE001 — a thread's error ends the unit
            self._fail(error)

    def _write(self, *, partial: bool) -> None:
        now_unix_ns = clocks.now_unix_ns()
        if self._log is not None:
            self._log.write_interval(now_unix_ns, self._registry.histograms)
        state = self._state(now_unix_ns, partial=partial)
        replace_json(self._stretch.directory / run_directory.COUNTERS, state)
        append_json(
            self._stretch.directory / run_directory.SERIES,
            point_of(now_unix_ns, state, self._books()),
        )

    def _throttled(self) -> dict[str, int]:
        """Returns what the quota of CPU time did in this block; nothing where nobody counts it."""
        now = cgroups.read_throttling()
        if now is None or self._throttling is None:
            return {}
        return {
            "cpuPeriods": now.periods - self._throttling.periods,
            "cpuPeriodsThrottled": now.throttled - self._throttling.throttled,
            "cpuThrottledNs": now.throttled_ns - self._throttling.throttled_ns,
        }

    def _state(self, now_unix_ns: int, *, partial: bool) -> dict[str, Any]:
        use = environment.read_process_use()
        counters = self._registry.read()
        facts = self._facts()
        to_unix_ns = self._stretch.unix_map.to_unix_ns
        return {
            "unit": self._unit,
            "block": self._stretch.label,
            "components": {
                name: {
                    "counters": subtract(each, self._base.get(name, {})),
                    "absolute": each,
                    "facts": facts.get(name, {}),
                }
                for name, each in counters.items()
            },
            "links": {
                name: subtract(each, self._links_base.get(name, {}))
                for name, each in self._links().items()
            },
            "histograms": {
                each.name: {
                    "count": each.count,
                    "negative": each.negative,
                    "saturated": each.saturated,
                }
                for each in self._registry.histograms
            },
            "measured": {
                "startUnixNs": self._started_unix_ns or to_unix_ns(self._stretch.start_ns),
                "measureFromUnixNs": to_unix_ns(self._stretch.measure_from_ns),
                "stopUnixNs": now_unix_ns,
                "lateness": self._lateness_ns,
            },
            "process": {
                "rssAnonBytes": use.rss_anon_bytes,
                "cpuSeconds": round(use.cpu_seconds, 3),
                "openFiles": use.open_files,
                **self._throttled(),
            },
            "host": dict(self._host),
            "partial": partial,
        }


def subtract(now: Mapping[str, int], base: Mapping[str, int]) -> dict[str, int]:
    """Returns what counters gained since ``base``; gauges and minima stay as they are."""
    return {
        name: value if naming.is_level(name) else value - base.get(name, 0)
        for name, value in now.items()
    }


def replace_json(path: pathlib.Path, content: Mapping[str, Any]) -> None:
    """Writes ``content`` beside ``path`` and renames it, so that a reader never sees half."""
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(content, separators=(",", ":")) + "\n")
    part.replace(path)


def point_of(
    now_unix_ns: int, state: Mapping[str, Any], books: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Returns one line of the series: counters that are not 0, levels of links, books."""
    return {
        "atUnixNs": now_unix_ns,
        "counters": {
            name: {key: value for key, value in each["counters"].items() if value}
            for name, each in state["components"].items()
        },
        "links": state["links"],
        "books": books,
    }


def append_json(path: pathlib.Path, content: Mapping[str, Any]) -> None:
    """Appends ``content`` to ``path`` as one line; a reader leaves a torn last line out."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(content, separators=(",", ":")) + "\n")


def prepare(directory: pathlib.Path, incarnation: int) -> None:
    """Makes the directory of a block.

    What the incarnation before left in it moves to ``incarnation-<n>/`` and stays collectable.
    """
    directory.mkdir(parents=True, exist_ok=True)
    left = [each for each in directory.iterdir() if each.is_file()]
    if not left or incarnation <= 1:
        return
    folder = directory / f"incarnation-{incarnation - 1}"
    folder.mkdir(exist_ok=True)
    for each in left:
        each.replace(folder / each.name)


def _open_log(directory: pathlib.Path, registry: meter.Registry) -> Any | None:
    """Opens ``hops.hlog`` where a histogram was registered; the native wing is loaded only then."""
    if not registry.histograms:
        return None
    native: Any = importlib.import_module("tickwork_native")
    log = native.IntervalLog(str(directory / run_directory.HOPS), clocks.now_unix_ns())
    log.begin(registry.histograms)
    return log
