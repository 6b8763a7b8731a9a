"""Makes the golden files of control anew: python tests/golden/regenerate.py; then read the diff."""

import pathlib

from tickwork import errors
from tickwork.kinds import compiler

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"


def plans() -> dict[str, str]:
    """Returns the text of every golden plan by file name."""
    return {
        f"{path.stem}.json": compiler.compile_experiment(compiler.load_file(path)).to_json()
        for path in sorted((ROOT / "experiments" / "pipeline").glob("*.yaml"))
    }


def mistakes() -> str:
    """Returns what the manifest with seven mistakes is answered."""
    text = (GOLDEN / "manifests" / "seven-mistakes.yaml").read_text()
    try:
        compiler.load(text, "seven-mistakes.yaml")
    except errors.ManifestError as error:
        return f"{error}\n"
    return "no mistake was found\n"


if __name__ == "__main__":
    for name, text in plans().items():
        (GOLDEN / "plans" / name).write_text(text)
    (GOLDEN / "manifests" / "seven-mistakes.txt").write_text(mistakes())
