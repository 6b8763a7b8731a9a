"""Specifications become files: SVG and PNG without a browser, and the page's own script.

All of it comes out of the installed package vl-convert, which is loaded only here and only when a
report is made; it never asks the network.
"""

import importlib
import pathlib
import re
from typing import Any

from tickwork_analysis.report import grammar, palette

PNG_SCALE = 2.0
_ID = re.compile(r'(\bid="|url\(#)')
_SIZE = re.compile(r'<svg ([^>]*?)\bwidth="[\d.]+" height="[\d.]+"')


def _engine() -> Any:
    return importlib.import_module("vl_convert")


def to_svg(figure: grammar.Figure) -> str:
    """Returns the figure as SVG in the light colours."""
    return str(_engine().vegalite_to_svg(figure.spec, vl_version=grammar.VERSION))


def write_files(figure: grammar.Figure, svg: str, folder: pathlib.Path) -> None:
    """Writes ``<name>.svg`` and ``<name>.png`` into ``folder``."""
    (folder / f"{figure.name}.svg").write_text(svg + "\n", encoding="utf-8")
    (folder / f"{figure.name}.png").write_bytes(_engine().svg_to_png(svg, scale=PNG_SCALE))


def to_inline(figure: grammar.Figure, svg: str) -> str:
    """Returns ``svg`` for a page: its colours follow the scheme, its ids are its own."""
    named = _ID.sub(lambda match: f"{match.group()}{figure.name}-", svg)
    return palette.as_properties(_SIZE.sub(r"<svg \1", named, count=1))


def script() -> str:
    """Returns the script that makes figures live: vega, vega-lite and vega-embed in one."""
    text = str(_engine().javascript_bundle(vl_version=grammar.VERSION))
    return text.replace("</script", "<\\/script")
