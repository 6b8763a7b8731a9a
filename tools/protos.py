"""Generates ``tickwork_proto`` from ``proto/``; `--check` compares instead of writing.

The generator writes ``from tickwork.v1 import …``, which would collide with the package
``tickwork``: the import is rewritten to ``tickwork_proto.v1``, so that generating again is
identical to the byte.
"""

import os
import pathlib
import sys
import tempfile

import grpc_tools
from grpc_tools import protoc

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = ROOT / "proto" / "tickwork" / "v1"
TARGET = ROOT / "proto" / "src" / "tickwork_proto" / "v1"
BUILTIN = pathlib.Path(grpc_tools.__file__).parent / "_proto"


def generate(directory: pathlib.Path) -> dict[str, str]:
    """Returns generated file name → text."""
    # The plugins for type stubs lie beside this interpreter.
    os.environ["PATH"] = f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    files = [str(path.relative_to(ROOT / "proto")) for path in sorted(SOURCES.glob("*.proto"))]
    code = protoc.main(
        [
            "protoc",
            f"-I{ROOT / 'proto'}",
            f"-I{BUILTIN}",
            f"--python_out={directory}",
            f"--mypy_out=quiet:{directory}",
            f"--grpc_python_out={directory}",
            f"--mypy_grpc_out=quiet:{directory}",
            *files,
        ]
    )
    if code != 0:
        raise SystemExit(f"protoc ended with {code}")
    made = {}
    for path in sorted((directory / "tickwork" / "v1").iterdir()):
        if (
            "_grpc" in path.name
            and "service"
            not in (SOURCES / path.name.split("_pb2")[0]).with_suffix(".proto").read_text()
        ):
            continue
        text = path.read_text().replace("tickwork.v1 import", "tickwork_proto.v1 import")
        made[path.name] = text.replace("import tickwork.v1.", "import tickwork_proto.v1.").replace(
            "tickwork.v1.control_pb2.", "tickwork_proto.v1.control_pb2."
        )
    return made


def main() -> int:
    """Writes or compares; returns the exit code."""
    with tempfile.TemporaryDirectory() as directory:
        made = generate(pathlib.Path(directory))
    if "--check" in sys.argv[1:]:
        stale = [name for name, text in made.items() if (TARGET / name).read_text() != text]
        if stale:
            print(f"generated protos are stale: {', '.join(stale)}; run `make proto`")
            return 1
        return 0
    for name, text in made.items():
        (TARGET / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
