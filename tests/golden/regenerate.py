"""Makes the golden files of control anew: python tests/golden/regenerate.py; then read the diff."""

import json
import pathlib
from typing import Any

import yaml
from tickwork_operator.objects import build, options, run

from tickwork import errors
from tickwork.kinds import compiler

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"


def plans() -> dict[str, str]:
    """Returns the text of every golden plan by file name."""
    return {
        f"{path.stem}.json": compiler.compile_experiment(compiler.load_file(path)).to_json()
        for path in sorted((ROOT / "experiments" / "pipeline").glob("*.yaml"))
    }


def mistakes() -> str:
    """Returns what the manifest with seven mistakes is answered."""
    text = (GOLDEN / "manifests" / "seven-mistakes.yaml").read_text()
    try:
        compiler.load(text, "seven-mistakes.yaml")
    except errors.ManifestError as error:
        return f"{error}\n"
    return "no mistake was found\n"


def experiment(path: pathlib.Path) -> dict[str, Any]:
    """Returns the Experiment in ``path`` as the API server would give it."""
    made: dict[str, Any] = yaml.safe_load(path.read_text())
    made["metadata"] |= {"namespace": "lab", "uid": "0b5ad7a4-0000-4000-8000-000000000001"}
    return made


def objects() -> dict[str, list[dict[str, Any]]]:
    """Returns every object of the demo by file name: as a run, as a provider, with all wishes."""
    chosen = options.Options(
        images=options.Images("registry.test/services:1", "registry.test/conductor:1"),
        network_policies=options.NetworkPolicies(monitoring_namespace="monitoring"),
    )
    demo = ROOT / "experiments" / "pipeline" / "demo.yaml"
    provider, wishes = experiment(demo), experiment(demo)
    del provider["spec"]["durationSeconds"]
    wishes["spec"]["cluster"] = yaml.safe_load((GOLDEN / "operator" / "wishes.yaml").read_text())
    given = {"demo": experiment(demo), "provider": provider, "demo-with-wishes": wishes}
    return {
        f"{name}.yaml": list(build.build_all(run.read(each, 1, chosen)))
        for name, each in given.items()
    }


def show_objects(made: list[dict[str, Any]]) -> str:
    """Returns objects as YAML; JSON inside of them is opened, so that a change can be read.

    The Experiment, the Plan and the settings in it have golden files of their own.
    """
    shown = []
    for each in json.loads(json.dumps(made)):
        data = each.get("data", {})
        for key in {"experiment.yaml", "plan.json"} & data.keys():
            data[key] = "…"
        for key in [key for key in data if key.endswith(".json")]:
            data[key] = yaml.safe_load(data[key])
            for component in data[key].get("components", ()) if data[key] != "…" else ():
                component["settings"] = "…"
        shown.append(each)
    return yaml.safe_dump_all(shown, sort_keys=False, allow_unicode=True, width=100)


if __name__ == "__main__":
    for name, text in plans().items():
        (GOLDEN / "plans" / name).write_text(text)
    (GOLDEN / "manifests" / "seven-mistakes.txt").write_text(mistakes())
    for name, made in objects().items():
        (GOLDEN / "operator" / name).write_text(show_objects(made))
