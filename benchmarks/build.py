"""Compiles what is measured: the core's player, the C probe, the C extension ring."""

import pathlib
import shutil
import subprocess
import sys

TARGET = pathlib.Path(__file__).resolve().parents[1] / "target"
BENCH = TARGET / "release" / "tickwork-bench"
PROBE = TARGET / "bench" / "trips"
PROBES = pathlib.Path(__file__).resolve().parent / "probes"
INCLUDE = "import sysconfig; p = sysconfig.get_paths(); print(p['include'])"


class BuildError(Exception):
    """Something that is measured could not be compiled; the text says what to install."""


def directory_of(interpreter: pathlib.Path) -> pathlib.Path:
    """Where the extension for this interpreter lies."""
    return TARGET / "bench" / interpreter.parent.parent.name


def build(directory: pathlib.Path, root: pathlib.Path, python: str, is_smoke: bool) -> None:
    """Compiles in the release profile. Raises BuildError where the core cannot be built."""
    command = ["cargo", "build", "--quiet", "--release", "--package", "tickwork-bench"]
    try:
        subprocess.run(command, cwd=root, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise BuildError(f"building the core's player: {error}; install cargo") from error
    directory.mkdir(parents=True, exist_ok=True)
    compiler = shutil.which("cc")
    if compiler is None:
        print("no C compiler: the C probe and the C extension are left out", file=sys.stderr)
        return
    flags = ["-O3", "-Wall", "-Wextra", "-pthread"]
    subprocess.run([compiler, *flags, "-o", PROBE, PROBES / "trips.c"], check=False)
    bench = root / ".venv-bench" / "bin" / "python"
    interpreters = [pathlib.Path(python)] if is_smoke else [bench, pathlib.Path(python)]
    for interpreter in interpreters:
        if interpreter.exists():
            _build_extension(compiler, interpreter)


def _build_extension(compiler: str, interpreter: pathlib.Path) -> None:
    """A failure is told by the rows that need the extension."""
    asked = [str(interpreter), "-c", INCLUDE]
    include = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    target = directory_of(interpreter)
    target.mkdir(parents=True, exist_ok=True)
    flags = ["-O3", "-Wall", "-shared", "-fPIC", f"-I{include}"]
    source = PROBES / "ring_extension.c"
    command = [compiler, *flags, "-o", target / "ring_extension.so", source]
    subprocess.run(command, check=False)
