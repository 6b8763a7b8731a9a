"""Workflows: every action by its commit, no right that is not asked for, every verb exists."""

import pathlib
import re
from typing import Any

import pytest
import yaml

from architecture import tree

FOLDER = tree.ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
NAMES = ["bench", "cd", "ci", "images", "security"]
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
MAKE = re.compile(r"\bmake ([a-z-]+)")

each = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def _content(path: pathlib.Path) -> dict[str, Any]:
    content = yaml.safe_load(path.read_text("utf-8"))
    assert isinstance(content, dict)
    return content


def _steps(path: pathlib.Path) -> list[dict[str, Any]]:
    return [step for job in _content(path)["jobs"].values() for step in job["steps"]]


def test_every_workflow_of_the_requirement_is_there() -> None:
    assert [path.stem for path in WORKFLOWS] == NAMES


@each
def test_every_action_is_pinned_by_commit(path: pathlib.Path) -> None:
    used = re.findall(r"^\s*(?:- )?uses: (.+)$", path.read_text("utf-8"), re.MULTILINE)
    assert used
    assert [line for line in used if not PINNED.fullmatch(line)] == []


def test_an_action_has_one_commit_everywhere() -> None:
    commits: dict[str, set[str]] = {}
    for path in WORKFLOWS:
        for step in _steps(path):
            if "uses" in step:
                action, commit = step["uses"].split("@")
                commits.setdefault("/".join(action.split("/")[:2]), set()).add(commit)
    assert {action for action, found in commits.items() if len(found) > 1} == set()


@each
def test_rights_are_given_job_by_job(path: pathlib.Path) -> None:
    content = _content(path)
    assert content["permissions"] == {}
    assert "concurrency" in content
    for name, job in content["jobs"].items():
        assert isinstance(job["permissions"], dict), name
        assert job["timeout-minutes"] <= 90, name
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False, name


@each
def test_every_make_verb_of_a_workflow_exists(path: pathlib.Path) -> None:
    makefile = (tree.ROOT / "Makefile").read_text("utf-8")
    verbs = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {verb for step in _steps(path) for verb in MAKE.findall(step.get("run", ""))}
    assert named - verbs == set()
    assert named


def test_a_deployment_rolls_back_and_asks_first() -> None:
    jobs = _content(FOLDER / "cd.yml")["jobs"]
    assert all("environment" in job for job in jobs.values())
    script = (tree.ROOT / "tools" / "deploy.sh").read_text("utf-8")
    assert "--install" in script
    assert "--rollback-on-failure --wait" in script
    assert "helm rollback" in script


def test_what_is_published_went_through_the_gate() -> None:
    jobs = _content(FOLDER / "images.yml")["jobs"]
    assert jobs["publish"]["needs"] == "gate"
    assert any(step.get("run") == "make trivy-gate" for step in jobs["gate"]["steps"])
    assert "continue-on-error" not in (FOLDER / "images.yml").read_text("utf-8")


@pytest.mark.parametrize("page", ["CHANGELOG.md", "LICENSE", "SECURITY.md", "CONTRIBUTING.md"])
def test_every_page_for_contributors_is_there(page: str) -> None:
    assert (tree.ROOT / page).stat().st_size > 300
    assert list((tree.ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
