"""Refuses images with known weaknesses of severity HIGH or CRITICAL that have a remedy.

``tools/trivy_gate.py [--accepted .trivyignore.yaml] REPORT…`` reads reports that Trivy wrote with
``--format json``. A weakness is let through while ``.trivyignore.yaml`` accepts it by id, with a
statement and a day on which that ends. Exit codes: 0 nothing is refused, 1 something is, 2 a file
cannot be read or an acceptance lacks its statement or its end.
"""

import argparse
import dataclasses
import datetime
import json
import pathlib
import sys
from collections.abc import Iterator
from typing import Any

import yaml

REFUSED = ("HIGH", "CRITICAL")
ACCEPTED = pathlib.Path(__file__).resolve().parents[1] / ".trivyignore.yaml"


class UnreadableError(Exception):
    """A report or the table of accepted weaknesses is not what it should be; the text says how."""


@dataclasses.dataclass(frozen=True)
class Weakness:
    """One known weakness of one package of one image."""

    image: str
    package: str
    installed: str
    fixed: str
    id: str
    severity: str

    def __str__(self) -> str:
        return (
            f"{self.image}: {self.id} {self.severity} in {self.package} {self.installed}, "
            f"fixed in {self.fixed}"
        )


def read_report(path: pathlib.Path) -> Iterator[Weakness]:
    """Yields every weakness of a report that has a remedy and is severe enough."""
    try:
        report = json.loads(path.read_text("utf-8"))
        image = report["ArtifactName"]
        results = report.get("Results") or []
        found = [item for result in results for item in result.get("Vulnerabilities") or []]
        for item in found:
            if item["Severity"] in REFUSED and item.get("FixedVersion"):
                yield Weakness(
                    image=image,
                    package=item["PkgName"],
                    installed=item["InstalledVersion"],
                    fixed=item["FixedVersion"],
                    id=item["VulnerabilityID"],
                    severity=item["Severity"],
                )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableError(
            f"{path} is no report that Trivy wrote with --format json ({error!r}): scan again."
        ) from error


def read_accepted(path: pathlib.Path) -> dict[str, datetime.date]:
    """Returns what is accepted, by id, with the day on which that ends."""
    try:
        content: Any = yaml.safe_load(path.read_text("utf-8")) or {}
        entries = content.get("vulnerabilities") or []
        ends = {}
        for entry in entries:
            if not isinstance(entry.get("expired_at"), datetime.date) or not entry.get("statement"):
                raise UnreadableError(
                    f"{path}: {entry.get('id')} needs expired_at (a day) and statement (why)."
                )
            ends[entry["id"]] = entry["expired_at"]
    except (OSError, yaml.YAMLError, KeyError, AttributeError) as error:
        raise UnreadableError(f"{path} cannot be read ({error!r}): see its head.") from error
    return ends


def refuse(
    reports: list[pathlib.Path], accepted: dict[str, datetime.date], today: datetime.date
) -> list[Weakness]:
    """Returns what is not accepted, or no longer; each once."""
    found = dict.fromkeys(weakness for path in reports for weakness in read_report(path))
    return [weakness for weakness in found if accepted.get(weakness.id, today) <= today]


def main(arguments: list[str] | None = None, today: datetime.date | None = None) -> int:
    parser = argparse.ArgumentParser(prog="trivy_gate", description=__doc__.split("\n")[0])
    parser.add_argument("--accepted", type=pathlib.Path, default=ACCEPTED)
    parser.add_argument("reports", nargs="+", type=pathlib.Path)
    options = parser.parse_args(arguments)
    day = today or datetime.datetime.now(datetime.UTC).date()
    try:
        refused = refuse(options.reports, read_accepted(options.accepted), day)
    except UnreadableError as error:
        print(error, file=sys.stderr)
        return 2
    for weakness in refused:
        print(weakness, file=sys.stderr)
    print(f"{len(options.reports)} reports, {len(refused)} refused")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
