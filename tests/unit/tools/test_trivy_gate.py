"""Proves the gate on a stored clean and a stored failing report of Trivy's form."""

import datetime
import importlib.util
import pathlib
import types

import pytest

HERE = pathlib.Path(__file__).resolve().parent
CLEAN = HERE / "reports" / "clean.json"
FAILING = HERE / "reports" / "failing.json"
TODAY = datetime.date(2026, 11, 21)


def _gate() -> types.ModuleType:
    path = HERE.parents[2] / "tools" / "trivy_gate.py"
    spec = importlib.util.spec_from_file_location("trivy_gate", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


gate = _gate()


def _accepted(folder: pathlib.Path, *ids: str, until: str = "2026-12-31") -> pathlib.Path:
    path = folder / "accepted.yaml"
    entries = "".join(
        f"  - id: {id_}\n    statement: never called\n    expired_at: {until}\n" for id_ in ids
    )
    path.write_text(f"vulnerabilities:\n{entries}", "utf-8")
    return path


def _run(accepted: pathlib.Path, *reports: pathlib.Path) -> int:
    code = gate.main(["--accepted", str(accepted), *map(str, reports)], today=TODAY)
    assert isinstance(code, int)
    return code


def test_a_clean_report_passes_the_gate(tmp_path: pathlib.Path) -> None:
    assert _run(_accepted(tmp_path), CLEAN) == 0


def test_a_failing_report_is_refused_by_name(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(_accepted(tmp_path), CLEAN, FAILING, FAILING) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "tickwork/services:0.1.0: CVE-2026-2001 HIGH in library 1.0, fixed in 1.0.1",
        "tickwork/services:0.1.0: CVE-2026-2002 CRITICAL in library 1.0, fixed in 1.2",
    ]


def test_what_is_accepted_passes_until_its_day(tmp_path: pathlib.Path) -> None:
    ids = ("CVE-2026-2001", "CVE-2026-2002")
    assert _run(_accepted(tmp_path, *ids, until="2026-11-22"), FAILING) == 0
    assert _run(_accepted(tmp_path, *ids, until="2026-11-21"), FAILING) == 1
    assert _run(_accepted(tmp_path, ids[0]), FAILING) == 1


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"Results": []}', '{"ArtifactName": "a", "Results": [1]}']
)
def test_what_is_no_report_opens_no_gate(tmp_path: pathlib.Path, text: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(text, "utf-8")
    assert _run(_accepted(tmp_path), path) == 2
    assert _run(_accepted(tmp_path), tmp_path / "absent.json") == 2


@pytest.mark.parametrize("text", ["- id: a", "vulnerabilities:\n  - id: CVE-2026-2001\n", "{"])
def test_an_acceptance_without_end_or_reason_opens_no_gate(
    tmp_path: pathlib.Path, text: str
) -> None:
    path = tmp_path / "accepted.yaml"
    path.write_text(text, "utf-8")
    assert _run(path, CLEAN) == 2


def test_the_table_of_this_repository_can_be_read() -> None:
    assert _run(gate.ACCEPTED, CLEAN) == 0
