"""Applies deliberate breaches to a copy of the tree, one at a time; each must be refused.

A wall that nobody has seen refuse something is a drawing. Each breach below adds one forbidden line
to one file of a temporary copy and asks the contract (or the lint rule) it is meant for. Exit code
1 when a breach passes, or when the untouched tree is refused.
"""

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = pathlib.Path(sys.executable).parent
SOURCES = (
    "src",
    "proto/src",
    "services/tickwork_services",
    "operator/tickwork_operator",
    "analysis/tickwork_analysis",
    "cli/tickwork_cli",
)
PATHS = ("src", "proto/src", "services", "operator", "analysis", "cli")
SERVICES = "services/tickwork_services"
OPERATOR = "operator/tickwork_operator"
ANALYSIS = "analysis/tickwork_analysis"


@dataclasses.dataclass(frozen=True)
class Breach:
    """One forbidden ``line`` in ``file``, and the contract or rule that must refuse it."""

    wall: str
    file: str
    line: str
    what: str


WALLS = (
    Breach("wings", f"{SERVICES}/catalog.py", "import tickwork_analysis", "wing imports wing"),
    Breach("wings", "src/tickwork/clock.py", "import tickwork_services", "control imports wing"),
    Breach("control-floors", "src/tickwork/unit/unit.py", "import tickwork.plan", "unit looks up"),
    Breach(
        "data-floors",
        f"{SERVICES}/record/__init__.py",
        "import tickwork_services.link.link",
        "record looks up to link",
    ),
    Breach(
        "kinds-apart",
        "src/tickwork/kinds/echo/__init__.py",
        "import tickwork.kinds.route",
        "kind imports kind",
    ),
    Breach(
        "components-apart",
        f"{SERVICES}/components/book/__init__.py",
        "import tickwork_services.components.publisher",
        "component imports component",
    ),
    Breach(
        "venues-apart",
        f"{SERVICES}/venues/kraken/__init__.py",
        "import tickwork_services.venues.binance",
        "venue imports venue (a new one)",
    ),
    Breach(
        "transports-apart",
        f"{SERVICES}/link/udp.py",
        "import tickwork_services.link.tcp",
        "transport imports transport",
    ),
    Breach(
        "data-without-control",
        f"{SERVICES}/host/control.py",
        "import tickwork.manifest",
        "data plane reads a manifest",
    ),
    Breach(
        "components-see-links-only",
        f"{SERVICES}/components/consumer/__init__.py",
        "import tickwork_services.link.tcp",
        "component picks a transport",
    ),
    Breach(
        "components-see-links-only",
        f"{SERVICES}/venues/binance/__init__.py",
        "import tickwork_services.wire.codec",
        "venue picks a codec",
    ),
    Breach(
        "native-only-in-services",
        f"{ANALYSIS}/results.py",
        "import tickwork_native",
        "analysis needs Rust",
    ),
    Breach("proto", "src/tickwork/unit/unit.py", "import tickwork_proto", "unit speaks protobuf"),
    Breach("operator-pure", f"{OPERATOR}/decide.py", "import kubernetes", "decision calls API"),
    Breach("telemetry", f"{SERVICES}/catalog.py", "import structlog", "logs outside telemetry"),
    Breach("kopf", f"{OPERATOR}/status.py", "import kopf", "kopf outside handlers"),
    Breach("kubernetes", "cli/tickwork_cli/main.py", "import kubernetes", "client in the CLI"),
    Breach("pydantic", "src/tickwork/errors.py", "import pydantic", "pydantic in errors"),
    Breach("websockets", f"{SERVICES}/host/control.py", "import websockets", "socket in the host"),
    Breach("grpc", "src/tickwork/plan/plan.py", "import grpc", "the Plan speaks gRPC"),
    Breach(
        "no-circles",
        f"{SERVICES}/link/link.py",
        "import tickwork_services.host.component",
        "a circle of siblings",
    ),
)

LINTS = (
    Breach("TID251", "src/tickwork/unit/breach.py", "import time\n\nA = time.time_ns()\n", "time"),
    Breach(
        "TID251",
        "src/tickwork/plan/breach.py",
        "import datetime\n\nA = datetime.datetime.now(datetime.UTC)\n",
        "datetime.now",
    ),
    Breach("TID251", f"{ANALYSIS}/breach.py", 'import os\n\nA = os.environ["A"]\n', "os.environ"),
    Breach(
        "TID251", f"{SERVICES}/link/breach.py", "import random\n\nA = random.random()\n", "random"
    ),
    Breach("T201", f"{SERVICES}/host/breach.py", 'print("here")\n', "print"),
    Breach("TID252", f"{SERVICES}/wire/breach.py", "from . import codec\n", "relative import"),
)


def copy_tree(target: pathlib.Path) -> None:
    """Copies what the walls look at; caches stay behind."""
    ignore = shutil.ignore_patterns("__pycache__", "*.so")
    for source in SOURCES:
        shutil.copytree(ROOT / source, target / source, ignore=ignore)
    for name in (".importlinter", "pyproject.toml"):
        shutil.copy(ROOT / name, target / name)


def lint_imports(tree: pathlib.Path, contract: str | None) -> tuple[bool, str]:
    """Returns whether the contracts (all, or one) are kept in ``tree``, and what was printed."""
    command = [str(BIN / "lint-imports"), "--no-cache"]
    if contract is not None:
        command += ["--contract", contract]
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join(str(tree / path) for path in PATHS)
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    done = subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    if "BROKEN" not in said and "KEPT" not in said:
        sys.exit(f"lint-imports did not judge {contract or 'the tree'}:\n{said}")
    return done.returncode == 0, said


def refused_by_wall(tree: pathlib.Path, breach: Breach) -> bool:
    """Adds the breach, asks its contract, takes the breach back."""
    path = tree / breach.file
    before = path.read_text(encoding="utf-8") if path.exists() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{before or ''}\n{breach.line}\n", encoding="utf-8")
    kept, _ = lint_imports(tree, breach.wall)
    if before is None:
        shutil.rmtree(path.parent)
    else:
        path.write_text(before, encoding="utf-8")
    return not kept


def refused_by_lint(tree: pathlib.Path) -> list[bool]:
    """Writes every breach of a ban into a file of its own and runs ruff once over them."""
    paths = [tree / breach.file for breach in LINTS]
    for path, breach in zip(paths, LINTS, strict=True):
        path.write_text(breach.line, encoding="utf-8")
    done = subprocess.run(
        [str(BIN / "ruff"), "check", "--no-cache", "--output-format=json", *map(str, paths)],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    rows = json.loads(done.stdout)
    found = {(pathlib.Path(row["filename"]).resolve(), row["code"]) for row in rows}
    return [
        (path.resolve(), breach.wall) in found for path, breach in zip(paths, LINTS, strict=True)
    ]


def main() -> int:
    """Runs all breaches, prints the table, returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="tickwork-walls-") as directory:
        tree = pathlib.Path(directory)
        copy_tree(tree)
        kept, said = lint_imports(tree, None)
        if not kept:
            print(said)
            print("The untouched tree is refused; mend it first.")
            return 1
        rows = [(breach, refused_by_wall(tree, breach)) for breach in WALLS]
        rows += zip(LINTS, refused_by_lint(tree), strict=True)
    width = max(len(breach.wall) for breach, _ in rows)
    for breach, refused in rows:
        print(f"{breach.wall:<{width}}  {'refused' if refused else 'PASSED':<8} {breach.what}")
    passed = sum(not refused for _, refused in rows)
    walls = len({breach.wall for breach, _ in rows})
    print(f"{len(rows)} breaches of {walls} walls: {len(rows) - passed} refused, {passed} passed.")
    return 1 if passed else 0


if __name__ == "__main__":
    sys.exit(main())
