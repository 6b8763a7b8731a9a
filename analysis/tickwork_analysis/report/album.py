"""The figures of one report: each is drawn once, for the page and for its files."""

import pathlib

from tickwork_analysis.report import drawing, grammar, tables


class Album:
    """Draws figures as sections place them, and keeps them for the page and the files."""

    def __init__(self) -> None:
        self._drawn: list[tuple[grammar.Figure, str]] = []

    @property
    def figures(self) -> list[grammar.Figure]:
        """Every figure that was placed, in order."""
        return [figure for figure, _ in self._drawn]

    def place(self, figure: grammar.Figure | None, otherwise: str = "") -> str:
        """Returns the figure's markup, or a note that says why there is none."""
        if figure is None:
            return tables.paragraph(otherwise, "note") if otherwise else ""
        svg = drawing.to_svg(figure)
        self._drawn.append((figure, svg))
        return tables.figure(figure, svg)

    def write(self, folder: pathlib.Path) -> None:
        """Writes every figure as SVG and as PNG; files of an earlier report are removed."""
        folder.mkdir(parents=True, exist_ok=True)
        for old in (*folder.glob("*.svg"), *folder.glob("*.png")):
            old.unlink()
        for figure, svg in self._drawn:
            drawing.write_files(figure, svg, folder)
