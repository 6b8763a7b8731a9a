"""``python -m benchmarks``: measures all rows, writes ``benchmarks/results.json``, says the table.

Exit codes: 0 every must is met or not measurable, 1 a must is missed or a build is a debug build,
2 the run could not be started.
"""

import argparse
import contextlib
import datetime
import fcntl
import json
import os
import pathlib
import sys
import sysconfig
import tempfile
from collections.abc import Iterator

from benchmarks import build, corpus, instructions, machine, measure, process, rows

ROOT = pathlib.Path(__file__).resolve().parents[1]
LONG_PLAYERS = ("scenarios", "nautilus_adapter")
RESULTS = ROOT / "benchmarks" / "results.json"
SMOKE = measure.Size(blocks=2, share=0.05, discards=False)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="small, without peers and captures")
    parser.add_argument("--only", default="", help="rows whose name contains this")
    parser.add_argument("--blocks", type=int, default=measure.BLOCKS)
    parser.add_argument("--out", type=pathlib.Path, default=RESULTS)
    parser.add_argument("--instructions", choices=["compare", "update"])
    return parser.parse_args()


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """One run at a time on a machine."""
    path = pathlib.Path(tempfile.gettempdir()) / f"tickwork-benchmarks-{os.getuid()}.lock"
    with open(path, "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def commands(
    messages: pathlib.Path, *, is_smoke: bool
) -> dict[str, tuple[list[str], dict[str, str]]]:
    """Every player's command; whether it can be had here is seen when it is needed."""
    native = sysconfig.get_paths()["platlib"]
    newest, older = ROOT / ".venv-bench", ROOT / ".venv-bench-311"
    python = newest / "bin" / "python"
    has_peers = python.exists() and not is_smoke
    ours = python if has_peers else pathlib.Path(sys.executable)

    def script(name: str, interpreter: pathlib.Path) -> tuple[list[str], dict[str, str]]:
        # The native package comes last, so that a peer's own packages stay what they are.
        path = os.pathsep.join([str(build.directory_of(ours)), native])
        arguments = [str(interpreter), str(ROOT / "benchmarks" / "players" / f"{name}.py")]
        # What keeps its core for seconds would be stopped by the kernel with a real-time priority.
        realtime = "0" if name in LONG_PLAYERS else "1"
        environment = {"BENCH_PATH": path, "PYTHONWARNINGS": "ignore", "BENCH_REALTIME": realtime}
        return [*arguments, str(messages)], environment

    bench = [str(build.BENCH), "serve", str(messages)]
    own = {
        "core": (bench, {}),
        "rings": (bench, {}),
        "probe": ([str(build.PROBE)], {}),
        "native": script("native", ours),
        "trips": script("trip", ours),
        "scenarios": script("scenarios", ours),
        "extension": script("extension", ours),
    }
    peers = {
        "composed-313": script("composed", python),
        "composed-311": script("composed", older / "bin" / "python"),
        "hftbacktest": script("hftbacktest_engine", python),
        "cryptofeed": script("cryptofeed_handler", python),
        "nautilus": script("nautilus_adapter", python),
    }
    return own if is_smoke else own | peers


def write_corpus(is_smoke: bool) -> tuple[pathlib.Path, str]:
    """Returns the corpus and what it is called."""
    recordings = os.environ.get("TICKWORK_RECORDINGS")
    path = ROOT / "target" / "bench" / ("smoke.corpus" if is_smoke else "real.corpus")
    if is_smoke:
        return path, f"twin {corpus.write(corpus.from_twin(), path)}"
    if recordings is None:
        sys.exit(
            "measuring: TICKWORK_RECORDINGS names no directory of captures; set it, or --smoke"
        )
    messages = corpus.from_recording(pathlib.Path(recordings))
    return path, f"{corpus.RECORDING} {corpus.write(messages, path)}"


def run(arguments: argparse.Namespace) -> int:
    is_smoke = arguments.smoke
    messages, called = write_corpus(is_smoke)
    build.build(messages.parent, ROOT, sys.executable, is_smoke)
    players = process.Players(commands(messages, is_smoke=is_smoke), is_realtime=not is_smoke)
    wanted = [row for row in rows.ALL if arguments.only in row.name]
    size = SMOKE if is_smoke else measure.Size(blocks=arguments.blocks)
    machine.go_first(0)
    results = []
    try:
        for number, row in enumerate(wanted):
            result = measure.measure(players, row, size, lambda text: print(text, file=sys.stderr))
            results.append(result)
            print(line_of(result), flush=True)
            if not is_smoke:
                keep(arguments.out, results, called)
            later = {name for other in wanted[number + 1 :] for name in other.players()}
            players.close([name for name in row.players() if name not in later])
    finally:
        players.close()
    return verdict(results, is_smoke=is_smoke)


def line_of(result: dict[str, object]) -> str:
    if result.get("notMeasurable"):
        return f"{result['name']:36} notMeasurable: {result['notMeasurable']}"
    met = "" if result["must"] is None else "must met" if result["met"] else "MUST MISSED"
    if result["stretch"] is not None and result["stretchMet"]:
        met = "stretch met"
    return (
        f"{result['name']:36} {result['ours']:>14.4g} {result['unit']:14} ratio "
        f"{result['ratio']:.3f} [{result['low']:.3f}, {result['high']:.3f}] to "
        f"{result['peerName']} {result['peer']:.4g}; {met} {result['beside'] or ''}"
    )


def keep(path: pathlib.Path, results: list[dict[str, object]], called: str) -> None:
    """Writes the results; rows that were not played now stay as they are."""
    kept = json.loads(path.read_text("utf-8"))["rows"] if path.exists() else []
    by_name = {row["name"]: row for row in kept} | {str(row["name"]): row for row in results}
    ordered = [by_name[row.name] for row in rows.ALL if row.name in by_name]
    date = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d")
    whole = {
        "schemaVersion": "1.0",
        "date": date,
        "machine": machine.describe(),
        "input": called,
        "build": "release",
        "rows": ordered,
    }
    path.write_text(json.dumps(whole, indent=1) + "\n", "utf-8")


def verdict(results: list[dict[str, object]], *, is_smoke: bool) -> int:
    """A smoke run proves that every row of ours plays; its figures prove nothing."""
    missed = [] if is_smoke else [row["name"] for row in results if row.get("met") is False]
    failed = [row["name"] for row in results if row.get("failed")]
    if any("DEBUG" in str(row.get("notMeasurable", "")) for row in results):
        print("DEBUG BUILD: nothing here means anything", file=sys.stderr)
    if failed:
        print(f"rows that could not play: {failed}", file=sys.stderr)
    if missed:
        print(f"musts missed: {missed}", file=sys.stderr)
    return 1 if missed or failed else 0


def main() -> int:
    arguments = parse_arguments()
    try:
        if arguments.instructions:
            messages, called = write_corpus(True)
            build.build(messages.parent, ROOT, sys.executable, is_smoke=True)
            return instructions.run(messages, called, update=arguments.instructions == "update")
        with only_one():
            return run(arguments)
    except build.BuildError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
