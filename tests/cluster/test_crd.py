"""The API server takes every good Experiment as it is, and refuses each wrong one in our words."""

import json
import pathlib
import re
from collections.abc import Iterator
from typing import Any

import changed_manifests
import pytest
import wrong_manifests
import yaml
from chart import rendering

from cluster import shell
from tickwork import errors
from tickwork.kinds import compiler, crd, validations
from tickwork.manifest import document
from tickwork.manifest.status import CONDITIONS

EXPERIMENTS = sorted((rendering.ROOT / "experiments").glob("*/*.yaml"))
CASES = wrong_manifests.cases()
# `spec.arms[0].name: Required value`, or the path inside of a complaint about an unknown field.
COMPLAINT = re.compile(r"(?:^|\* |is invalid: )((?:spec|metadata)[^:\s]*): (.*)$", re.MULTILINE)
UNKNOWN = re.compile(r'(unknown field) "([^"]+)"')

# What the operator and the Conductor write, and what a kind to come may add to its digest.
WRITTEN: dict[str, Any] = {
    "observedGeneration": 1,
    "conditions": [
        {
            "type": name,
            "status": "Unknown",
            "reason": "Waiting",
            "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
            "observedGeneration": 1,
        }
        for name in CONDITIONS
    ],
    "phase": "Running",
    "reason": "",
    "message": "",
    "kind": "pipeline",
    "run": "kept-abcde",
    "attempt": 1,
    "units": 7,
    "restarts": 0,
    "nodes": "node-a, node-b",
    "startTime": "2026-01-01T00:00:00Z",
    "plannedStart": "2026-01-01T00:00:02.123456789Z",
    "skewNs": 120_000,
    "p50": "21.4µs",
    "p99": "80µs",
    "progress": {
        "percent": 12.5,
        "block": 1,
        "blocks": 20,
        "phase": "running",
        "message": "block 1",
    },
    "digest": {
        "status": "complete",
        "exitCode": 0,
        "verdict": "every book was equal",
        "book": {"compared": 5, "equal": 5, "liveShare": 0.99, "gaps": 1, "openGaps": 0},
        "questions": [
            {"name": "endToEnd", "arm": "fused", "n": 9, "p50Ns": 21400.5, "p50LowNs": None}
        ],
        "skewNs": 120_000,
        "startUnixNs": 1_767_225_602_123_456_789,
        "ofAKindToCome": {"rounds": 3},
    },
    "results": {"sink": "job", "where": "job/kept", "fetch": "tickwork fetch kept"},
}

pytestmark = pytest.mark.usefixtures("definition")


@pytest.fixture(scope="module")
def definition(cluster: None) -> None:
    """The custom resource's definition, as the models have it now."""
    applied = ("--server-side", "--force-conflicts", "-f", "-")
    shell.kubectl("apply", *applied, stdin=crd.to_yaml())
    shell.kubectl("wait", "--for=condition=Established", f"crd/{crd.NAME}", "--timeout=30s")


@pytest.fixture(scope="module")
def namespace(definition: None) -> Iterator[str]:
    with shell.namespace("crd") as name:
        yield name


def complaints(text: str) -> list[tuple[str, str]]:
    """Returns the places (below ``spec``, as `tickwork validate` writes them) and the words."""
    found = [(place, words) for place, words in COMPLAINT.findall(text)]
    found += [(place, words) for words, place in UNKNOWN.findall(text)]
    return [(plain(place), words) for place, words in found]


def plain(place: str) -> str:
    place = re.sub(r"\[([^\]]*)\]", r".\1", place)
    return place if place == "spec" else place.removeprefix("spec.")


def apply(manifest: object, namespace: str, *words: str) -> str:
    """Applies a manifest that must be taken."""
    text = yaml.safe_dump(manifest, sort_keys=False)
    return shell.kubectl("apply", "-n", namespace, "-f", "-", *words, stdin=text)


def refuse(manifest: object, namespace: str, *words: str) -> str:
    """Applies a manifest that must be refused; returns why it was."""
    text = yaml.safe_dump(manifest, sort_keys=False)
    dry = ("--dry-run=server", "-n", namespace, "-f", "-", *words)
    done = shell.attempt("kubectl", "apply", *dry, stdin=text)
    assert done.returncode != 0, f"{done.stdout} was not refused"
    return done.stderr


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_every_experiment_is_taken_as_it_is(path: pathlib.Path, namespace: str) -> None:
    taken = json.loads(
        shell.kubectl("apply", "--dry-run=server", "-n", namespace, "-f", str(path), "-o", "json")
    )
    written = document.read(path.read_text("utf-8")).value
    assert taken["spec"] == written["spec"], "a default was stored, or a field was dropped"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_wrong_manifest_is_refused_in_our_words(
    case: wrong_manifests.Case, namespace: str
) -> None:
    if case.admitted:
        apply(case.manifest, namespace, "--dry-run=server")
        return
    text = refuse(case.manifest, namespace)
    told = complaints(text)
    fitting = [place for place, words in told if case.words.lower() in words.lower()]
    # A place may be the holder of what is wrong: CEL names no index and no key.
    assert any(f"{case.path}.".startswith(f"{place}.") or place == "spec" for place in fitting), (
        text
    )


def is_valid(text: str) -> bool:
    """Says whether `tickwork validate` finds nothing."""
    try:
        compiler.compile_experiment(compiler.load(text, "changed.yaml"))
    except errors.TickworkError:
        return False
    return True


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_written_the_server_and_validate_agree(seed: int, namespace: str) -> None:
    changer = changed_manifests.Changer(seed)
    for _ in range(25):
        manifest = changer.make()
        if manifest["spec"].get("arms") is not None:
            # What arms may set is any value to an API server.
            continue
        text = document.write(manifest)
        dry = ("--dry-run=server", "-n", namespace, "-f", "-")
        done = shell.attempt("kubectl", "apply", *dry, stdin=text)
        assert (done.returncode == 0) == is_valid(text), f"{text}\n{done.stderr}"


def test_every_unknown_field_is_named_at_once(namespace: str) -> None:
    manifest = wrong_manifests.demo()
    manifest["spec"]["durationSecs"] = 5
    manifest["spec"]["pipeline"]["bok"] = {}
    told = complaints(refuse(manifest, namespace))
    assert {place for place, _ in told} == {"durationSecs", "pipeline.bok"}


def test_server_side_apply_refuses_unknown_fields_too(namespace: str) -> None:
    manifest = wrong_manifests.demo()
    manifest["spec"]["durationSecs"] = 5
    assert "durationSecs" in refuse(manifest, namespace, "--server-side")


@pytest.fixture(scope="module")
def suspended(namespace: str) -> dict[str, object]:
    """A suspended comparison that is there: no operator makes anything of it."""
    manifest = document.read(
        (rendering.ROOT / "experiments/pipeline/fused-against-split.yaml").read_text("utf-8")
    ).value
    manifest["metadata"]["name"] = "kept"
    manifest["spec"]["suspend"] = True
    manifest["spec"]["pipeline"]["consumers"].append({"name": "other", "transport": "shm"})
    apply(manifest, namespace)
    return dict(manifest)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ("spec['seed'] = 2", "seed"),
        ("del spec['seed']", "seed"),
        ("spec['drainMs'] = 1", "drainMs"),
        ("spec['cluster'] = {'plaintext': True}", "cluster"),
        ("spec['pipeline']['book']['depth'] = 5", "pipeline"),
        ("spec['pipeline']['venue']['instruments'].reverse()", "pipeline.venue.instruments"),
        ("spec['pipeline']['consumers'].reverse()", "pipeline.consumers"),
        ("spec['arms'].reverse()", "arms"),
        ("spec['arms'].append({'name': 'third'})", "arms"),
        ("spec['arms'][0]['set'] = {'pipeline.placement': 'split'}", "arms.0.set"),
        ("del spec['arms'][0]['set']", "arms.0.set"),
    ],
)
def test_what_runs_cannot_be_changed(
    change: str, place: str, suspended: dict[str, object], namespace: str
) -> None:
    changed = json.loads(json.dumps(suspended))
    exec(change, {"spec": changed["spec"]})
    told = complaints(refuse(changed, namespace))
    assert place in [where for where, words in told if validations.IMMUTABLE in words], told


def test_suspend_alone_can_be_changed(suspended: dict[str, object], namespace: str) -> None:
    changed = json.loads(json.dumps(suspended))
    changed["spec"]["suspend"] = False
    apply(changed, namespace, "--dry-run=server")
    del changed["spec"]["suspend"]
    apply(changed, namespace, "--dry-run=server")


def test_the_status_keeps_what_the_two_writers_write(
    suspended: dict[str, object], namespace: str
) -> None:
    status = json.loads(json.dumps(WRITTEN))
    patch = json.dumps({"status": status})
    shell.kubectl(
        "patch", "exp", "kept", "-n", namespace, "--subresource=status", "--type=merge", "-p", patch
    )
    kept = shell.get("exp", "kept", "-n", namespace)["status"]
    assert kept.pop("results") == status.pop("results")
    digest = status["digest"]
    del digest["questions"][0]["p50LowNs"]
    kept["digest"]["questions"][0].pop("p50LowNs", None)
    assert kept == status
    table = shell.kubectl("get", "exp", "kept", "-n", namespace, "-o", "wide").splitlines()
    assert table[0].split() == [
        "NAME",
        "KIND",
        "PHASE",
        "PROGRESS",
        "P50",
        "P99",
        "AGE",
        "REASON",
        "NODES",
    ]
    assert table[1].split()[:6] == ["kept", "pipeline", "Running", "12.5", "21.4µs", "80µs"]
    chosen = shell.kubectl(
        "get", "exp", "-n", namespace, "--field-selector=status.phase=Running", "-o", "name"
    )
    assert chosen.split() == ["experiment.tickwork.dev/kept"]
