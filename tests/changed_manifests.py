"""Experiments changed at random places of the schema, by a seed: some stay right, most do not."""

import copy
import pathlib
import random
from collections.abc import Iterator
from typing import Any

from tickwork.kinds import crd
from tickwork.manifest import document

ROOT = pathlib.Path(__file__).resolve().parents[1]
TEXTS = ("a", "BTCUSDT", "shm", "venue", "pipeline", "x" * 60, "A b", "", "ws://x", "http://x")
KEYS = ("pipeline", "venue", "book", "engine", "nobody", "a b", "tickwork.dev/x", "team")
ANYTHING = (1, 0.5, "max", "2", "fast")
SETS: tuple[dict[str, Any], ...] = ({}, {"pipeline.placement": "fused"}, {"pipeline.book.depth": 5})

Schema = dict[str, Any]


class Changer:
    """Makes changed manifests, one after another."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        files = sorted((ROOT / "experiments").glob("*/*.yaml"))
        self._bases = [document.read(each.read_text("utf-8")).value for each in files]
        spec = crd.object_schema()["properties"]["spec"]
        self._places = [each for each in _below(spec) if each[0] != ("suspend",)]

    def make(self) -> dict[str, Any]:
        """Returns one of the Experiments with one to three changes."""
        made: dict[str, Any] = copy.deepcopy(self._chance.choice(self._bases))
        for _ in range(self._chance.randint(1, 3)):
            path, node = self._chance.choice(self._places)
            self._change(made["spec"], path, node)
        return made

    def _change(self, value: Any, path: tuple[str | None, ...], node: Schema) -> None:
        *before, last = path
        for part in before:
            value = self._item(value) if part is None else value.get(part)
            if not isinstance(value, dict | list):
                return
        if isinstance(value, list):
            if value:
                value[self._chance.randrange(len(value))] = self._value(node)
        elif self._chance.random() < 0.2:
            value.pop(last, None)
        else:
            value[last] = self._value(node)

    def _item(self, value: Any) -> Any:
        return self._chance.choice(value) if isinstance(value, list) and value else None

    def _value(self, node: Schema, depth: int = 0) -> Any:
        if node.get("nullable") and self._chance.random() < 0.15:
            return None
        if "enum" in node:
            return self._chance.choice(node["enum"])
        kind = node.get("type")
        if kind in ("integer", "number"):
            return self._number(node)
        if kind == "boolean":
            return self._chance.random() < 0.5
        if kind == "string":
            return self._chance.choice(TEXTS)
        if kind == "array":
            count = self._chance.randint(0, 3)
            return [self._value(node["items"], depth + 1) for _ in range(count)]
        return self._object(node, depth) if kind == "object" else self._chance.choice(ANYTHING)

    def _number(self, node: Schema) -> int | float:
        low, high = int(node.get("minimum", 0)), int(node.get("maximum", 1 << 40))
        inside = self._chance.randint(low, high)
        return self._chance.choice([low, high, inside, low - 1, high + 1, 1 << inside % 34])

    def _object(self, node: Schema, depth: int) -> dict[str, Any]:
        if "properties" in node:
            share = 0.5 if depth == 0 else 0.25
            return {
                name: self._value(each, depth + 1)
                for name, each in node["properties"].items()
                if name in node.get("required", ()) or self._chance.random() < share
            }
        if "additionalProperties" not in node:
            return dict(self._chance.choice(SETS))
        keys = self._chance.sample(KEYS, self._chance.randint(0, 3))
        return {key: self._value(node["additionalProperties"], depth + 1) for key in keys}


def _below(
    node: Schema, path: tuple[str | None, ...] = ()
) -> Iterator[tuple[tuple[str | None, ...], Schema]]:
    for name, each in node.get("properties", {}).items():
        yield (*path, name), each
        yield from _below(each, (*path, name))
    if "items" in node:
        yield (*path, None), node["items"]
        yield from _below(node["items"], (*path, None))
