"""What other people's checkers say to the chart and to k8s/: helm lint, kubeconform, checkov."""

import json
import pathlib
import shutil
import subprocess
import sys

import pytest
import yaml

from chart import rendering

ENVIRONMENT = rendering.ROOT / ".stamps" / "chart"
SCHEMAS = ENVIRONMENT / "schemas"
CHECKOV = ENVIRONMENT / "bin" / "checkov"
NOT_OURS = ("Certificate", "Issuer", "ServiceMonitor", "PodMonitor", "PrometheusRule")
STREAMS = {
    "full": rendering.FULL,
    "cluster-wide": {"watch": {"namespaced": False}, "mtls": {"issuer": "certManager"}},
}


@pytest.fixture(params=STREAMS, scope="module")
def stream(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> pathlib.Path:
    file = tmp_path_factory.mktemp("rendered") / f"{request.param}.yaml"
    file.write_text(rendering.text(STREAMS[request.param], "--api-versions", rendering.KIND))
    return file


@pytest.mark.parametrize("name", STREAMS)
def test_helm_lint_is_clean(name: str, tmp_path: pathlib.Path) -> None:
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump(dict(STREAMS[name])))
    made = rendering.helm("lint", "--strict", str(rendering.CHART), "-f", str(values))
    assert made.returncode == 0, made.stdout + made.stderr
    assert "[WARNING]" not in made.stdout + made.stderr


def test_objects_fit_the_schemas_of_kubernetes(stream: pathlib.Path) -> None:
    if shutil.which("kubeconform") is None:
        pytest.skip("kubeconform is not on the PATH")
    if not SCHEMAS.is_dir():
        pytest.skip("the schemas of Kubernetes are not here; make chart brings them")
    location = f"{SCHEMAS}/{{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json"
    command = ["kubeconform", "-strict", "-summary", "-output", "json"]
    command += ["-schema-location", location, "-skip", ",".join((*NOT_OURS, "Experiment"))]
    made = subprocess.run(
        [*command, str(stream)], capture_output=True, text=True, check=False, timeout=60
    )
    said = json.loads(made.stdout)
    assert made.returncode == 0, json.dumps(said.get("resources"), indent=1)
    assert said["summary"]["valid"] > 8
    assert said["summary"]["invalid"] == said["summary"]["errors"] == 0


def test_checkov_is_clean(stream: pathlib.Path) -> None:
    if not CHECKOV.is_file():
        pytest.skip("checkov is not here; make chart brings it")
    command = [str(CHECKOV), "--framework", "kubernetes", "--skip-download", "--compact"]
    made = subprocess.run(
        [*command, "--output", "json", "--file", str(stream)],
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    said = json.loads(made.stdout)
    failed = [
        f"{each['check_id']} {each['resource']}: {each['check_name']}"
        for each in said["results"]["failed_checks"]
    ]
    assert failed == []
    assert said["summary"]["passed"] > 50
    for each in said["results"]["skipped_checks"]:
        assert len(each["check_result"]["suppress_comment"]) > 20, each["check_id"]


def test_the_scripts_of_the_chart_need_nothing_but_python() -> None:
    script = rendering.CHART / "files" / "first_experiment.py"
    imports = {
        line.split()[1].split(".")[0]
        for line in script.read_text("utf-8").splitlines()
        if line.startswith("import ")
    }
    assert imports <= set(sys.stdlib_module_names)
