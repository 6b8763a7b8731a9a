"""Reads YAML into plain values that remember their lines; writes plain values as such YAML.

Only JSON's scalars have a meaning: ``true``, ``false``, ``null``, numbers. Everything else that is
written plainly is a string, so ``on`` and ``12:30:00`` stay what a person wrote. Anchors, aliases,
tags, duplicate keys and empty values are mistakes, all reported at once.
"""

import dataclasses
import math
import re
from collections.abc import Iterator
from typing import Any

import yaml

from tickwork import errors

Path = tuple[str | int, ...]

BYTES_MAX = 1 << 20
DEPTH_MAX = 32
NUMBER_CHARACTERS_MAX = 400
WRITTEN_WIDTH = 100
TOO_LARGE = errors.Mistake(1, "", f"the file is larger than {BYTES_MAX} B")

_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


@dataclasses.dataclass
class Document:
    """A YAML document: its ``value`` in plain types, and the line (from 1) of every path.

    The line of a mapping's entry is the line of its key.
    """

    value: Any
    lines: dict[Path, int]
    mistakes: list[errors.Mistake]

    def line(self, path: Path) -> int:
        """Returns the line of ``path``, or of the nearest parent that has one; 0 if none has."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 0


def show_path(path: Path) -> str:
    """Returns ``path`` as a person writes it: ``pipeline.consumers.0.name``."""
    return ".".join(str(part) for part in path)


def read_scalar(text: str) -> Any:
    """Returns what a plain scalar means: JSON's true, false, null and numbers, else the text.

    Longer digits than any number needs are text, too: Python refuses to read thousands of them.
    """
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > NUMBER_CHARACTERS_MAX:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text


def read(text: str) -> Document:
    """Reads one YAML document; what is wrong with it is in its ``mistakes``.

    After a mistake of syntax ``value`` is None: nothing behind it can be trusted.
    """
    document = Document(None, {(): 1}, [])
    if len(text.encode()) > BYTES_MAX:
        document.mistakes.append(TOO_LARGE)
        return document
    try:
        _Builder(document, yaml.parse(text, Loader=yaml.SafeLoader)).build()
    except _TooDeepError as error:
        document.value = None
        document.mistakes.append(
            errors.Mistake(error.line, show_path(error.path), f"deeper than {DEPTH_MAX} levels")
        )
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        document.value = None
        document.mistakes.append(
            errors.Mistake(line, "", f"this is not YAML: {error.problem or error.context}")
        )
    except yaml.YAMLError as error:
        document.value = None
        document.mistakes.append(errors.Mistake(1, "", f"this is not YAML: {error}"))
    return document


def write(value: Any) -> str:
    """Returns plain values (JSON's) as YAML that ``read`` reads back as the same values."""
    return yaml.dump(
        value, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=WRITTEN_WIDTH
    )


class _Writer(yaml.SafeDumper):
    """Writes YAML without aliases, in which a text that would be read as a number is quoted.

    YAML's own idea of a number is another one than ours: to it, ``1e3`` is a text.
    """

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _write_text(writer: _Writer, text: str) -> yaml.ScalarNode:
    is_safe = read_scalar(text) == text and text.isprintable()
    style = None if is_safe else '"'
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Writer.add_representer(str, _write_text)


class _TooDeepError(Exception):
    """The document nests deeper than anything that a person means."""

    def __init__(self, line: int, path: Path) -> None:
        super().__init__(line, path)
        self.line = line
        self.path = path


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 0


class _Builder:
    """Builds plain values from YAML's events; recursion is bounded by ``DEPTH_MAX``."""

    def __init__(self, document: Document, events: Iterator[yaml.Event]) -> None:
        self._document = document
        self._events = events

    def build(self) -> None:
        next(self._events)
        start = next(self._events)
        if isinstance(start, yaml.StreamEndEvent):
            self._mistake(start, (), "the file is empty")
            return
        self._document.value = self._value(next(self._events), ())
        next(self._events)
        extra = next(self._events)
        if not isinstance(extra, yaml.StreamEndEvent):
            self._mistake(extra, (), "a second document begins here; one file is one Experiment")

    def _mistake(self, event: yaml.Event, path: Path, text: str) -> None:
        line = _line(event)
        self._document.mistakes.append(errors.Mistake(line, show_path(path), text))

    def _value(self, event: yaml.Event, path: Path) -> Any:
        if isinstance(event, yaml.AliasEvent):
            self._mistake(event, path, f"alias *{event.anchor}: write the value out")
            return None
        self._refuse_marks(event, path)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
        if len(path) >= DEPTH_MAX:
            raise _TooDeepError(_line(event), path)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path)
        return self._sequence(path)

    def _refuse_marks(self, event: Any, path: Path) -> None:
        if event.anchor is not None:
            self._mistake(event, path, f"anchor &{event.anchor}: write the value out each time")
        if event.tag is not None:
            self._mistake(event, path, f"tag {event.tag}: only plain JSON values are read")

    def _refuse_half_characters(self, event: yaml.ScalarEvent, path: Path) -> str:
        """Returns the text; a lone surrogate, which no UTF-8 can hold, is a mistake."""
        text = str(event.value)
        if any("\ud800" <= each <= "\udfff" for each in text):
            self._mistake(event, path, "holds half a character (\\ud800 … \\udfff)")
            return text.encode("utf-8", "replace").decode()
        return text

    def _scalar(self, event: yaml.ScalarEvent, path: Path) -> Any:
        text = self._refuse_half_characters(event, path)
        if event.style is not None:
            return text
        if text == "":
            self._mistake(event, path, "has no value; write null, {} or [] if that is meant")
            return None
        return read_scalar(text)

    def _mapping(self, path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event, path)
            inside = (*path, key)
            line = _line(event)
            if key in mapping:
                first = self._document.lines[inside]
                self._mistake(event, inside, f"duplicate key; it stands already in line {first}")
                self._value(next(self._events), (*path, f"{key} (again)"))
                continue
            self._document.lines[inside] = line
            mapping[key] = self._value(next(self._events), inside)
        return mapping

    def _key(self, event: yaml.Event, path: Path) -> str:
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_marks(event, path)
            return self._refuse_half_characters(event, path)
        self._mistake(event, path, "a key must be a plain word")
        self._value(event, (*path, "?"))
        return "?"

    def _sequence(self, path: Path) -> list[Any]:
        sequence: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            inside = (*path, len(sequence))
            self._document.lines[inside] = _line(event)
            sequence.append(self._value(event, inside))
        return sequence
