"""The page around sections: one file with its style, its figures and its script, all inside."""

import dataclasses
import importlib.resources
import json
import string
from collections.abc import Sequence

from tickwork_analysis.report import drawing, grammar, palette, tables


@dataclasses.dataclass(frozen=True)
class Section:
    """One numbered part of a report; ``new_page`` begins a sheet when it is printed."""

    name: str
    title: str
    body: str
    new_page: bool = False


@dataclasses.dataclass(frozen=True)
class Page:
    """What a page is made of; ``head`` and bodies are markup, everything else is text."""

    title: str
    head: str
    sections: Sequence[Section]
    figures: Sequence[grammar.Figure]
    foot: str


def render(page: Page) -> str:
    """Returns the whole HTML document."""
    specifications = json.dumps(
        {each.name: each.spec for each in page.figures}, separators=(",", ":"), ensure_ascii=False
    ).replace("</", "<\\/")
    return string.Template(_resource("page.html")).substitute(
        title=tables.escape(page.title),
        colours=palette.style_sheet(),
        style=_resource("page.css"),
        head=page.head,
        sections="\n".join(_section(number, each) for number, each in enumerate(page.sections, 1)),
        foot=tables.escape(page.foot),
        specifications=palette.as_properties(specifications),
        bundle=drawing.script() if page.figures else "",
        script=_resource("page.js"),
    )


def _section(number: int, section: Section) -> str:
    css = ' class="sheet"' if section.new_page else ""
    return (
        f'<section id="{section.name}"{css}><h2><span>{number}</span>'
        f"{tables.escape(section.title)}</h2>{section.body}</section>"
    )


def _resource(name: str) -> str:
    room = importlib.resources.files("tickwork_analysis.report")
    return room.joinpath(name).read_text(encoding="utf-8")
