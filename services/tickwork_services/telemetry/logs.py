"""Structured logs: one JSON object a line on stderr; unit, run and incarnation on every line."""

import collections
import importlib
import pathlib
import sys
import threading
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

from tickwork_services import clocks

LAST_LINES_MAX = 20
KEPT_BYTES_MAX = 8 << 20
_SECRET_WORDS = ("secret", "password", "passwd", "token", "apikey", "api_key", "authorization")


def _import_structlog() -> Any:
    """Imports structlog without ``rich``, which it would import for colours that nobody sees.

    That import alone costs more CPU than the rest of a unit's logging (0.3 s).
    """
    if "structlog" in sys.modules or "rich" in sys.modules:
        return importlib.import_module("structlog")
    sys.modules["rich"] = None  # type: ignore[assignment]
    try:
        return importlib.import_module("structlog")
    finally:
        del sys.modules["rich"]


class LogLines:
    """Writes lines to a stream and keeps the last ones for a failure's report."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._last: collections.deque[str] = collections.deque(maxlen=LAST_LINES_MAX)
        self._kept: TextIO | None = None
        self._room_bytes = 0

    def keep(self, path: pathlib.Path) -> None:
        """Writes every further line to ``path`` too, until the file holds 8 MiB."""
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = path.open("a", encoding="utf-8")
        with self._lock:
            self._room_bytes = KEPT_BYTES_MAX - kept.tell()
            self._kept = kept

    def close(self) -> None:
        """Closes the file that lines are kept in."""
        with self._lock:
            kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    def write(self, line: str) -> None:
        """Writes one line, whole, whatever thread calls."""
        with self._lock:
            self._last.append(line)
            self._stream.write(line + "\n")
            self._stream.flush()
            self._keep_line(line + "\n")

    def _keep_line(self, line: str) -> None:
        size_bytes = len(line.encode())
        if self._kept is None or size_bytes > self._room_bytes:
            return
        self._room_bytes -= size_bytes
        try:
            self._kept.write(line)
            self._kept.flush()
        except OSError as error:
            # A disk that is full must not end what is measured; the stream has every line.
            self._kept = None
            self._stream.write(f'{{"event": "log no longer kept", "text": "{error}"}}\n')

    def last(self) -> tuple[str, ...]:
        """Returns the last lines, oldest first."""
        with self._lock:
            return tuple(self._last)


class _Writer:
    """What structlog calls: every level is one line."""

    def __init__(self, lines: LogLines) -> None:
        self.debug = self.info = self.warning = self.error = self.exception = lines.write


def make_logger(lines: LogLines, bound: Mapping[str, Any]) -> Any:
    """Returns a logger that writes JSON to ``lines`` with ``bound`` on every line."""
    structlog = _import_structlog()
    logger = structlog.wrap_logger(
        _Writer(lines),
        processors=[
            structlog.processors.add_log_level,
            _stamp,
            _hide_secrets,
            _add_trace,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=str),
        ],
        wrapper_class=structlog.BoundLogger,
    )
    return logger.bind(**bound)


def _stamp(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["at_unix_ns"] = clocks.now_unix_ns()
    return event


def _add_trace(
    _logger: Any, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Asks for the trace where the call was ``exception``."""
    if method == "exception":
        event.setdefault("exc_info", True)
    return event


def _hide_secrets(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replaces the value of every field whose name speaks of a secret."""
    for name in event:
        if any(word in name.lower() for word in _SECRET_WORDS):
            event[name] = "***"
    return event
