"""Draws every dashboard for docs/pictures from a real run that a real Prometheus scraped.

Runs the demo on the cluster of KUBECONFIG, with the chart installed in a namespace of its own, and
asks Prometheus each panel's query. ``--local`` runs it on this machine: no operator's picture.
"""

import argparse
import dataclasses
import math
import pathlib
import sys
import tempfile
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tools")]

import panel_figures as figures  # noqa: E402
from monitoring import boards, cluster_run, local_run  # noqa: E402

PICTURES = ROOT / "docs/pictures"
SUBTITLE = (
    "Every panel's own query, asked of a real Prometheus that scraped one run of the demo {where}; "
    "drawn by Tickwork's figures, no screenshot of Grafana."
)
WINDOW = "6s"
HIDDEN = {"__name__", "arm", "pod", "node", "instance", "job", "namespace", "kernel"}


def values_of(run: str) -> dict[str, str]:
    """Returns what the variables hold: this run, and everything of it."""
    names = ("experiment", "unit", "hop", "instrument", "namespace")
    return {"run": run, "__rate_interval": WINDOW} | dict.fromkeys(names, ".*")


def series_of(seen: local_run.Observed, panel: dict[str, Any]) -> figures.Series:
    """Returns what the panel's queries find over the run; values that are none are left out."""
    found: figures.Series = []
    for target in panel["targets"]:
        asked = boards.Asked("", "", "", target["expr"], "", "")
        for each in seen.series(asked.filled(values_of(seen.directory.name))):
            numbers = [(float(at) - seen.start, float(value)) for at, value in each["values"]]
            kept = [(at, value) for at, value in numbers if math.isfinite(value)]
            if kept:
                found.append((figures.legend_of(target["legendFormat"], each["metric"]), kept))
    return found


def rows_of(seen: local_run.Observed, panel: dict[str, Any]) -> list[list[str]]:
    """Returns a table's head and rows: labels that differ or matter, then the value."""
    asked = boards.Asked("", "", "", panel["targets"][0]["expr"], "", "")
    found = seen.server.query(asked.filled(values_of(seen.directory.name)), seen.end)
    names = sorted({name for each in found for name in each["metric"]} - HIDDEN)
    unit = panel["fieldConfig"]["defaults"].get("unit", "short")
    rows = [
        [each["metric"].get(name, "") for name in names]
        + [figures.number_of(float(each["value"][1]), unit)]
        for each in found
    ]
    return [[*names, "value"], *sorted(rows)]


def while_running(seen: local_run.Observed) -> local_run.Observed:
    """Returns the same run, cut to the seconds in which all of its units ran."""
    running = seen.series('sum(tickwork_unit_state{state="running"})')[0]["values"]
    whole = [float(at) for at, value in running if float(value) == local_run.UNITS]
    return dataclasses.replace(seen, start=whole[0], end=whole[-1])


def draw(seen: local_run.Observed, path: pathlib.Path, where: str) -> str:
    """Returns the picture of one dashboard; that of the operator shows what comes after too."""
    parts = []
    if path.stem != "operator":
        seen = while_running(seen)
    for panel in boards.load(path)["panels"]:
        if panel["type"] == "row":
            parts.append((panel, ""))
            continue
        size = figures.inner_size(panel)
        if panel["type"] == "table":
            parts.append((panel, figures.draw_table(rows_of(seen, panel), size)))
        else:
            parts.append((panel, figures.DRAWN[panel["type"]](series_of(seen, panel), panel, size)))
    return figures.compose(boards.load(path)["title"], SUBTITLE.format(where=where), parts)


def main() -> int:
    """Runs the demo once and writes the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--local", action="store_true", help="run on this machine, no operator")
    local = parser.parse_args().local
    observe = local_run.observe if local else cluster_run.observe
    where = "on one machine" if local else "on a two-node cluster"
    with tempfile.TemporaryDirectory() as folder, observe(pathlib.Path(folder)) as seen:
        for path in boards.FILES:
            if local and path.stem == "operator":
                continue
            picture = PICTURES / f"dashboard-{path.stem}.svg"
            picture.write_text(draw(seen, path, where), "utf-8")
            print(picture.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
