"""What a terminal showed, as a picture for the docs."""

import os
import pathlib
import re

import rich.console
import rich.text

PICTURES = pathlib.Path(__file__).resolve().parents[1] / "docs/pictures"
COLUMNS = 116
# A page must not fetch anything: neither fonts nor what stands in comments.
_OUTSIDE = re.compile(r"@font-face \{.*?\}\s*|<!--.*?-->\s*", re.DOTALL)


def draw(name: str, *looks: object) -> None:
    """Writes commands and what they showed, in turn, to ``name`` under docs/pictures."""
    with pathlib.Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = rich.console.Console(record=True, width=COLUMNS, file=nowhere)
        for command, content in zip(looks[::2], looks[1::2], strict=True):
            console.print(rich.text.Text(f"$ {command}", style="bold"))
            console.print(content, soft_wrap=True)
        picture = console.export_svg(title="tickwork")
    (PICTURES / name).write_text(_OUTSIDE.sub("", picture), encoding="utf-8")
