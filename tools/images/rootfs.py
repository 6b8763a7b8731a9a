"""Gathers a root file system that holds an interpreter, one environment, and what both load.

``rootfs.py ENVIRONMENT OUT``. Runs in a build stage, with the base's own interpreter. The C library
and whatever else the dynamic linker asks for are copied file by file and named the way image
scanners read (``/var/lib/dpkg/status.d``), so that nothing is in the image that nobody knows of.
"""

import compileall
import os
import pathlib
import py_compile
import re
import shutil
import subprocess
import sys
import sysconfig

ABSENT = (
    "test", "tests", "idlelib", "tkinter", "turtledemo", "lib2to3", "ensurepip", "pydoc_data",
    "__pycache__", "dist-packages", "site-packages",
)  # fmt: skip
# The last is the installer's, and could be written by all.
ABSENT_FILES = ("turtle.py", "EXTERNALLY-MANAGED", ".lock")
SOURCE_SUFFIXES = (".pyi", ".pyx", ".pxd", ".pxi", ".c", ".cpp", ".h", ".a", ".pyc")
# The linker does not name these: threads load the first when they end, the rest is read by name.
LOADED_LATE = ("libgcc_s.so.1",)
READ_BY_NAME = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/openssl.cnf",
    "/usr/lib/ssl/openssl.cnf",
    "/usr/lib/ssl/cert.pem",
    "/usr/lib/ssl/certs",
    "/etc/os-release",
    "/usr/lib/os-release",
    "/etc/debian_version",
)
USERS = "root:x:0:0:root:/:/sbin/nologin\ntickwork:x:65532:65532:tickwork:/tmp:/sbin/nologin\n"
GROUPS = "root:x:0:\ntickwork:x:65532:\n"
MERGED = {"bin": "usr/bin", "lib": "usr/lib", "lib64": "usr/lib64", "sbin": "usr/sbin"}


def main(environment: pathlib.Path, out: pathlib.Path) -> None:
    """Fills ``out``; raises CalledProcessError where a tool of the base refuses."""
    prepare(out)
    standard = pathlib.Path(sysconfig.get_path("stdlib"))
    copy_packages(standard, out, keep_environment=False)
    trim_scripts(environment)
    copy_packages(environment, out, keep_environment=True)
    interpreter = environment / "bin" / "python"
    copied = copy_links(interpreter, out)
    for library in libraries([interpreter.resolve(), *shared_objects(out)], environment, out):
        copied |= copy_links(library, out)
    for name in READ_BY_NAME:
        if os.path.lexists(name):
            copied |= copy_links(pathlib.Path(name), out)
    write_packages(copied | {standard / "os.py"}, out)
    folders = {str(path.parent) for path in copied if ".so" in path.name}
    (out / "etc/ld.so.conf").write_text("\n".join(sorted(folders)) + "\n")
    subprocess.run(["/sbin/ldconfig", "-r", str(out)], check=True)
    shutil.rmtree(out / "var/cache", ignore_errors=True)
    compile_all(out)


def prepare(out: pathlib.Path) -> None:
    """Makes the directories and files that every process expects."""
    for name in MERGED.values():
        (out / name).mkdir(parents=True)
    for link, target in MERGED.items():
        (out / link).symlink_to(target)
    for name in ("etc", "proc", "sys", "dev", "run", "tmp", "var/lib/dpkg/status.d"):
        (out / name).mkdir(parents=True)
    (out / "tmp").chmod(0o1777)
    (out / "etc/passwd").write_text(USERS)
    (out / "etc/group").write_text(GROUPS)
    (out / "etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n")


def copy_packages(source: pathlib.Path, out: pathlib.Path, *, keep_environment: bool) -> None:
    """Copies a tree of Python without tests, sources of extensions and old byte code."""

    def ignore(folder: str, names: list[str]) -> set[str]:
        inside_package = (pathlib.Path(folder) / "__init__.py").exists()
        absent = set(ABSENT) - ({"site-packages"} if keep_environment else set())
        if keep_environment and not inside_package:
            absent -= {"test", "tests"}
        return {
            name
            for name in names
            if name in absent
            or name in ABSENT_FILES
            or name.endswith(SOURCE_SUFFIXES)
            or re.match(r"config-\d", name)
        }

    # The base links some files of its library to /etc, where the image has none of it.
    shutil.copytree(
        source, out / source.relative_to("/"), ignore=ignore, symlinks=keep_environment,
        ignore_dangling_symlinks=True,
    )  # fmt: skip


def trim_scripts(environment: pathlib.Path) -> None:
    """Removes what only a shell would use from the environment."""
    for script in (environment / "bin").iterdir():
        if not re.match(r"python|tickwork", script.name):
            script.unlink()


def shared_objects(folder: pathlib.Path) -> list[pathlib.Path]:
    """Returns every shared object below ``folder``."""
    return sorted(path for path in folder.rglob("*.so*") if path.is_file())


def libraries(
    objects: list[pathlib.Path], environment: pathlib.Path, out: pathlib.Path
) -> list[pathlib.Path]:
    """Returns the system's libraries that ``objects`` load, as the dynamic linker found them."""
    found = set()
    for each in objects:
        answer = subprocess.run(["ldd", str(each)], capture_output=True, text=True, check=False)
        for line in answer.stdout.splitlines():
            if "not found" in line:
                raise SystemExit(f"rootfs: {each} needs {line.strip()}")
            match = re.search(r"(?:=> )?(/\S+) \(0x", line)
            if match:
                found.add(pathlib.Path(match[1]))
    for name in LOADED_LATE:
        found.update(pathlib.Path("/usr/lib").glob(f"*-linux-gnu/{name}"))
    inside = (str(environment), str(out))
    return sorted(path for path in found if not str(path).startswith(inside))


def copy_links(path: pathlib.Path, out: pathlib.Path) -> set[pathlib.Path]:
    """Copies a file, and each link on the way to it; returns where they lie in the base."""
    copied = set()
    while True:
        # The folder is resolved, the name is not: /lib is a link, and its files lie in /usr/lib.
        path = path.parent.resolve() / path.name
        target = out / path.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        copied.add(path)
        if path.is_symlink():
            link = path.readlink()
            if not os.path.lexists(target):
                target.symlink_to(link)
            path = path.parent / link
            continue
        if path.is_file() and not target.exists():
            shutil.copy2(path, target)
        return copied


def write_packages(files: set[pathlib.Path], out: pathlib.Path) -> None:
    """Writes, for each Debian package that a file came from, what the base knows of it."""
    stanzas = {}
    for stanza in pathlib.Path("/var/lib/dpkg/status").read_text().split("\n\n"):
        match = re.match(r"Package: (\S+)", stanza.strip())
        if match:
            stanzas[match[1]] = stanza.strip()
    names = {str(path) for path in files} | {re.sub("^/usr", "", str(path)) for path in files}
    answer = subprocess.run(
        ["dpkg", "-S", *sorted(names)], capture_output=True, text=True, check=False
    )
    for line in answer.stdout.splitlines():
        for package in line.rpartition(": ")[0].split(", "):
            name = package.partition(":")[0]
            if name in stanzas:
                (out / "var/lib/dpkg/status.d" / name).write_text(stanzas[name] + "\n")


def compile_all(out: pathlib.Path) -> None:
    """Compiles every module, so that a read-only container starts as fast as any other."""
    good = compileall.compile_dir(
        out, quiet=1, stripdir=str(out), prependdir="/", force=True,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )  # fmt: skip
    if not good:
        raise SystemExit("rootfs: a module does not compile")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
