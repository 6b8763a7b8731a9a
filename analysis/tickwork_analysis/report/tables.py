"""HTML tables and figures: text in, escaped markup out."""

import dataclasses
import html
from collections.abc import Sequence

from tickwork_analysis.report import drawing, grammar, measure


@dataclasses.dataclass(frozen=True)
class Cell:
    """One cell: its value, and what stands small below it."""

    text: str
    below: str = ""
    css: str = ""


Row = Sequence[str | Cell]


def table(head: Sequence[str], rows: Sequence[Row], *, words: int = 1, css: str = "") -> str:
    """Returns a table; the first ``words`` columns are text, the others numbers."""
    cells = "".join(
        f'<th scope="col"{_kind(place, words)}>{escape(each)}</th>'
        for place, each in enumerate(head)
    )
    body = "".join(f"<tr>{''.join(_cells(row, words))}</tr>" for row in rows)
    style = f' class="{css}"' if css else ""
    return (
        f'<div class="scroll"><table{style}><thead><tr>{cells}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cells(row: Row, words: int) -> list[str]:
    found = []
    for place, each in enumerate(row):
        cell = each if isinstance(each, Cell) else Cell(each)
        below = f"<small>{escape(cell.below)}</small>" if cell.below else ""
        text = (
            f"<span class={cell.css}>{escape(cell.text)}</span>" if cell.css else escape(cell.text)
        )
        if place == 0:
            found.append(f'<th scope="row">{text}{below}</th>')
        else:
            found.append(f"<td{_kind(place, words)}>{text}{below}</td>")
    return found


def _kind(place: int, words: int) -> str:
    return "" if place < words else ' class="number"'


def percentile(
    value_ns: int | None, low_ns: int | None, high_ns: int | None, why: str = ""
) -> Cell:
    """Returns a percentile with its interval below, or with why there is none."""
    if value_ns is None:
        return Cell(measure.NOTHING)
    if low_ns is None or high_ns is None:
        return Cell(measure.in_time(value_ns), why)
    return Cell(measure.in_time(value_ns), measure.in_range(low_ns, high_ns))


def facts(pairs: Sequence[tuple[str, str]]) -> str:
    """Returns a list of names and values."""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in pairs)
    return f'<dl class="facts">{rows}</dl>'


def paragraph(text: str, css: str = "") -> str:
    """Returns a paragraph."""
    style = f' class="{css}"' if css else ""
    return f"<p{style}>{escape(text)}</p>"


def items(texts: Sequence[str], css: str = "") -> str:
    """Returns a list of sentences."""
    style = f' class="{css}"' if css else ""
    return f"<ul{style}>{''.join(f'<li>{escape(each)}</li>' for each in texts)}</ul>"


def figure(drawn: grammar.Figure, svg: str) -> str:
    """Returns a figure of the page; the script may put a live one into the place of ``svg``."""
    title, label = escape(drawn.title), escape(f"{drawn.title}. {drawn.caption}")
    return (
        f"<figure><h3>{title}</h3>"
        f'<div class="drawing" data-figure="{drawn.name}" role="img" aria-label="{label}">'
        f"{drawing.to_inline(drawn, svg)}</div>"
        f"<figcaption>{escape(drawn.caption)}</figcaption></figure>"
    )


def escape(text: str) -> str:
    """Returns ``text`` safe for markup."""
    return html.escape(text, quote=True)
