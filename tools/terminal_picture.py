"""Runs the demo and keeps what the terminal showed as docs/pictures/demo.svg.

The picture is of a real run, drawn as text in an SVG without outside fonts.
"""

import os
import pathlib
import re
import subprocess
import sys

import rich.console
import rich.text

ROOT = pathlib.Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs/pictures/demo.svg"
COLUMNS = 116
TICKWORK = pathlib.Path(sys.executable).parent / "tickwork"
OUTSIDE = re.compile(r"@font-face \{.*?\}\s*|<!--.*?-->\s*", re.DOTALL)


def run_demo() -> tuple[int, str]:
    """Returns the exit code of the demo and what it printed, colours included."""
    environment = dict(os.environ) | {"FORCE_COLOR": "1", "COLUMNS": str(COLUMNS)}
    done = subprocess.run(
        [str(TICKWORK), "run", "experiments/pipeline/demo.yaml"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.replace(str(ROOT) + "/", "")


def main() -> int:
    """Writes the picture; returns the exit code of the run."""
    code, shown = run_demo()
    with pathlib.Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = rich.console.Console(record=True, width=COLUMNS, file=nowhere)
        console.print(rich.text.Text("$ make demo", style="bold"))
        console.print(rich.text.Text.from_ansi(shown), soft_wrap=True)
        picture = console.export_svg(title="tickwork")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(OUTSIDE.sub("", picture), encoding="utf-8")
    print(f"{PICTURE.relative_to(ROOT)}: exit code {code}")
    return code


if __name__ == "__main__":
    sys.exit(main())
