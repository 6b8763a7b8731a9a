"""What lies beside a recording: ``<file>.manifest.json`` and ``<file>.sha256``.

The manifest says ``recording`` until the recording ends, so that a crash is seen in it, then
``complete``, or ``partial`` with the reason.
"""

import dataclasses
import json
import pathlib
from typing import Any, Literal

from tickwork import errors

Status = Literal["recording", "complete", "partial"]

SUFFIX = ".manifest.json"
SUM_SUFFIX = ".sha256"
CONNECTIONS_MAX = 256
"""Connections that a manifest lists; the counts at its top are over all of them."""


@dataclasses.dataclass(frozen=True, slots=True)
class Connection:
    """One connection: which line it was of, how many messages, SHA-256 over them in order."""

    id: int
    line: int
    payloads: int
    bytes: int
    sha256: str


@dataclasses.dataclass(frozen=True, slots=True)
class Manifest:
    """What a recording holds. ``dropped`` frames had no room, ``unrecorded`` came too late."""

    status: Status
    reason: str | None
    frames: int
    dropped: int
    unrecorded: int
    payload_bytes: int
    first_unix_ns: int | None
    last_unix_ns: int | None
    file_bytes: int
    sha256: str | None
    connections: tuple[Connection, ...]

    def to_json(self) -> str:
        """Returns the file's text: camelCase keys."""
        content = {
            "status": self.status,
            "reason": self.reason,
            "frames": self.frames,
            "dropped": self.dropped,
            "unrecorded": self.unrecorded,
            "payloadBytes": self.payload_bytes,
            "firstUnixNs": self.first_unix_ns,
            "lastUnixNs": self.last_unix_ns,
            "fileBytes": self.file_bytes,
            "sha256": self.sha256,
            "connections": [
                dataclasses.asdict(each) for each in self.connections[:CONNECTIONS_MAX]
            ],
        }
        return json.dumps(content, indent=1) + "\n"


def beside(recording: pathlib.Path) -> pathlib.Path:
    """Returns where the manifest of ``recording`` lies."""
    return recording.with_name(recording.name + SUFFIX)


def sum_beside(recording: pathlib.Path) -> pathlib.Path:
    """Returns where the checksum of ``recording`` lies, in the form of ``sha256sum``."""
    return recording.with_name(recording.name + SUM_SUFFIX)


def read(recording: pathlib.Path) -> dict[str, Any] | None:
    """Returns the manifest of ``recording``; None where there is none.

    Raises CaptureError where there is one that cannot be read.
    """
    path = beside(recording)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise errors.CaptureError(
            f"Reading {path}: {error}.", "Copy it again, or remove it and read what is there."
        ) from error
    if not isinstance(content, dict):
        raise errors.CaptureError(f"Reading {path}: it holds no object.", "Copy it again.")
    return content


def is_whole(recording: pathlib.Path) -> bool:
    """Says whether ``recording`` claims to be whole; one without a manifest has to be."""
    content = read(recording)
    return content is None or content.get("status") == "complete"
