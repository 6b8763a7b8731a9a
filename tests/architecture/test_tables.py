"""Tables written by hand, compared with their folders."""

import ast
import pathlib
import re
import typing

from architecture import tree
from tickwork.unit import transport, venue

SERVICES = tree.PACKAGES["tickwork_services"]


def _strings(path: pathlib.Path) -> set[str]:
    """Returns the strings that a table file holds outside docstrings."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    documents = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    return {
        node.value
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if id(node) not in documents
    }


def _words_of_table(path: pathlib.Path) -> set[str]:
    return {word for text in _strings(path) for word in re.split(r"[.:]", text)}


def _built_components() -> set[str]:
    rooms = (SERVICES / "components").iterdir()
    return {room.name for room in rooms if (room / f"{room.name}.py").is_file()}


def test_catalog_names_every_built_component_and_no_other() -> None:
    rooms = {room.name for room in (SERVICES / "components").iterdir() if room.is_dir()}
    table = _words_of_table(SERVICES / "catalog.py") & rooms
    assert table == _built_components()


def test_every_built_component_has_settings() -> None:
    settings = tree.PACKAGES["tickwork"] / "unit" / "settings"
    for name in _built_components():
        assert (settings / f"{name}.py").is_file(), f"unit/settings/{name}.py is missing"


def test_transports_table_equals_its_folder() -> None:
    files = {path.stem for path in (SERVICES / "link").glob("*.py")}
    built = {
        name
        for name in files & set(typing.get_args(transport.TransportName))
        if len((SERVICES / "link" / f"{name}.py").read_text(encoding="utf-8").split("\n")) > 5
    }
    table = _words_of_table(SERVICES / "link" / "transports.py")
    assert {name for name in built if name in table} == built


def test_every_transport_states_reach_codec_and_topologies() -> None:
    names = set(typing.get_args(transport.TransportName))
    assert set(transport.REACH) == names
    assert set(transport.CODEC) == names
    assert set(transport.TOPOLOGIES) == names


def test_every_venue_name_belongs_to_a_room() -> None:
    rooms = {room.name for room in (SERVICES / "venues").iterdir() if room.is_dir()}
    families = {name.split("-")[0] for name in typing.get_args(venue.VenueName)}
    assert families <= rooms


def test_every_kind_has_a_room() -> None:
    kinds = tree.PACKAGES["tickwork"] / "kinds"
    rooms = {room.name for room in kinds.iterdir() if (room / "__init__.py").is_file()}
    assert rooms == {"route", "echo", "pipeline", "clock"}
