"""Component name to class: the one table.

A component's module is imported when a unit needs it and not before: a unit that imports
everything costs a CPU second and 60 MB.
"""

import dataclasses
import importlib
from typing import Any

import pydantic_core

from tickwork import errors
from tickwork_services.host import component


@dataclasses.dataclass(frozen=True)
class Entry:
    """Where a component and its settings are: module and class of each."""

    module: str
    name: str
    settings_module: str
    settings_name: str


def _entry(folder: str, name: str) -> Entry:
    return Entry(
        f"tickwork_services.components.{folder}.{folder}",
        name,
        f"tickwork.unit.settings.{folder}",
        f"{name}Settings",
    )


TABLE: dict[str, Entry] = {
    "book": _entry("book", "Book"),
    "consumer": _entry("consumer", "Consumer"),
    "forwarder": _entry("forwarder", "Forwarder"),
    "normalizer": _entry("normalizer", "Normalizer"),
    "publisher": _entry("publisher", "Publisher"),
    "recorder": _entry("recorder", "Recorder"),
    "venue_twin": _entry("venue_twin", "VenueTwin"),
}


def make(context: component.Context) -> component.Component:
    """Returns the component that ``context.spec`` names, with checked settings.

    Raises InputError for a name outside the table and for settings that do not fit.
    """
    spec = context.spec
    entry = TABLE.get(spec.component)
    if entry is None:
        raise errors.InputError(
            f"Making component {spec.name}: there is no component {spec.component!r}.",
            f"Known are: {', '.join(sorted(TABLE))}.",
        )
    kind = getattr(importlib.import_module(entry.module), entry.name)
    made: component.Component = kind(_settings(entry, spec.name, spec.settings), context)
    return made


def _settings(entry: Entry, name: str, values: dict[str, Any]) -> Any:
    model = getattr(importlib.import_module(entry.settings_module), entry.settings_name)
    try:
        return model.model_validate(values)
    except pydantic_core.ValidationError as error:
        raise errors.InputError(
            f"Making component {name}: its settings do not fit: {error}",
            "Unit files are written by the planner: plan the experiment again.",
        ) from error
