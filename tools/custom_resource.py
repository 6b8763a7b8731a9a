"""Writes charts/tickwork/files/crd.yaml from the models; ``--check`` compares.

The chart's template reads that file: it is installed behind crds.install, and kept by crds.keep.
"""

import argparse
import pathlib
import sys

from tickwork.kinds import crd

FILE = pathlib.Path(__file__).resolve().parents[1] / "charts/tickwork/files/crd.yaml"


def main() -> int:
    """Writes the file, or with ``--check`` says whether it is as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if not parser.parse_args().check:
        FILE.write_text(crd.to_yaml(), encoding="utf-8")
        return 0
    if FILE.read_text(encoding="utf-8") == crd.to_yaml():
        return 0
    print(f"{FILE.name} differs from the models: run make pages")
    return 1


if __name__ == "__main__":
    sys.exit(main())
