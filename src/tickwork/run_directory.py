"""Names and layout of what a run leaves behind; the only thing the analysis reads.

::

    runs/<name>-<UTC>/
        experiment.yaml  plan.json  conductor.json  results.json  report.html  figures/
        blocks/<nnn>-<arm>/<group>/<unit>/…     what units wrote in that block
        units/<group>/<unit>/{unit.json, log.jsonl}
    runs/latest -> <name>-<UTC>
"""

import dataclasses
import pathlib

EXPERIMENT = "experiment.yaml"
PLAN = "plan.json"
CONDUCTOR = "conductor.json"
RESULTS = "results.json"
HOPS = "hops.hlog"
COUNTERS = "counters.json"
SERIES = "series.ndjson"
REPORT = "report.html"
FIGURES = "figures"
COMPARISON = "comparison.html"
PROOF = "proof.bin"
TRUTH = "truth.bin"
UNIT = "unit"
"""Where a unit that nobody else keeps them for keeps its unit.json and log.jsonl."""
UNIT_FILE = "unit.json"
LOG_FILE = "log.jsonl"


def block_label(index: int, arm: str) -> str:
    """Returns the directory name of a block: ``000-main``."""
    return f"{index:03d}-{arm}"


@dataclasses.dataclass(frozen=True)
class RunDirectory:
    """One run's directory; makes paths, touches nothing."""

    root: pathlib.Path

    @property
    def experiment(self) -> pathlib.Path:
        """The Experiment as it was given."""
        return self.root / EXPERIMENT

    @property
    def plan(self) -> pathlib.Path:
        """The Plan that was run."""
        return self.root / PLAN

    @property
    def conductor(self) -> pathlib.Path:
        """What the Conductor saw: start instants, skew, incarnations, failures."""
        return self.root / CONDUCTOR

    @property
    def results(self) -> pathlib.Path:
        """The results, as the analysis wrote them."""
        return self.root / RESULTS

    @property
    def report(self) -> pathlib.Path:
        """The report, one file."""
        return self.root / REPORT

    @property
    def figures(self) -> pathlib.Path:
        """The report's figures, each as SVG and as PNG."""
        return self.root / FIGURES

    @property
    def blocks(self) -> pathlib.Path:
        """One directory per block."""
        return self.root / "blocks"

    def block_unit(self, label: str, group: str, unit: str) -> pathlib.Path:
        """Returns where ``group/unit`` left what it saw in the block ``label``."""
        return self.blocks / label / group / unit

    def unit(self, group: str, unit: str) -> pathlib.Path:
        """Returns where the unit's own unit.json and log.jsonl lie."""
        return self.root / "units" / group / unit
