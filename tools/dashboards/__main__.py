"""``python -m dashboards [--check]``: writes charts/tickwork/dashboards, or compares."""

import argparse
import pathlib
import sys

from dashboards import books, experiment, grafana, hops, operator

TARGET = pathlib.Path(__file__).resolve().parents[2] / "charts/tickwork/dashboards"
BOARDS = (experiment.BOARD, hops.BOARD, books.BOARD, operator.BOARD)


def main() -> int:
    """Writes every dashboard; with ``--check`` names those that differ and returns 1."""
    parser = argparse.ArgumentParser(prog="dashboards", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    rendered = {
        f"{board.uid.removeprefix('tickwork-')}.json": grafana.render(board) for board in BOARDS
    }
    there = {path.name: path.read_text("utf-8") for path in TARGET.glob("*.json")}
    if not check:
        TARGET.mkdir(parents=True, exist_ok=True)
        for name in set(there) - set(rendered):
            (TARGET / name).unlink()
        for name, text in rendered.items():
            (TARGET / name).write_text(text, "utf-8")
        return 0
    differ = sorted(name for name in {*there, *rendered} if there.get(name) != rendered.get(name))
    if differ:
        print(f"run make dashboards for {', '.join(differ)}", file=sys.stderr)
    return int(bool(differ))


if __name__ == "__main__":
    sys.exit(main())
