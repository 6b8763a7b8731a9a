"""The Dockerfile, the bake file, compose.yaml and the Plan of the demo say the same things."""

import pathlib
import re

import pytest
import yaml
from tickwork_services import catalog

from tickwork.kinds import compiler

ROOT = pathlib.Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
BAKE = (ROOT / "docker-bake.hcl").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
IMAGES = ("services", "conductor", "operator")
STAGES = dict(re.findall(r"^FROM (\S+) AS (\S+)$", DOCKERFILE, re.MULTILINE))


def stage(name: str) -> str:
    """Returns the lines of one stage."""
    return re.split(r"^FROM ", DOCKERFILE.split(f" AS {name}\n", 1)[1], flags=re.MULTILINE)[0]


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_starts_from_nothing_and_runs_as_nobody(image: str) -> None:
    text = stage(image)
    assert f"FROM scratch AS {image}\n" in DOCKERFILE
    assert "RUN " not in text
    assert "USER 65532:65532" in text
    assert f"COPY --from={image}-root /rootfs /" in text
    assert re.search(r'^ENTRYPOINT \["/opt/tickwork/bin/python", ', text, re.MULTILINE)
    for label in ("title", "description", "licenses", "version", "revision", "created"):
        assert f"org.opencontainers.image.{label}=" in text


@pytest.mark.parametrize("image", IMAGES)
def test_every_package_comes_from_a_hashed_lock(image: str) -> None:
    assert (ROOT / f"requirements/{image}.txt").exists()
    assert f"./lock.sh {image}.txt" in stage(f"{image}-root")
    lock = (ROOT / "tools/images/lock.sh").read_text()
    assert "--require-hashes" in lock
    assert "--only-binary :all:" in lock


def test_bases_are_arguments_and_the_same_in_the_bake_file() -> None:
    bases = re.findall(r"^ARG (\w+_IMAGE)=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert [name for name, _ in bases] == ["PYTHON_IMAGE", "RUST_IMAGE"]
    for name, value in bases:
        assert f'variable "{name}" {{ default = "{value}" }}' in BAKE


def test_the_bake_file_has_every_image_for_both_architectures() -> None:
    targets = re.findall(r'^target "(\w+)"', BAKE, re.MULTILINE)
    assert targets == ["image", *IMAGES]
    assert 'platforms  = ["linux/amd64", "linux/arm64"]' in BAKE


def test_every_component_is_a_name_of_the_services() -> None:
    names = re.findall(r'"([a-z-]+)"', BAKE.split('variable "COMPONENTS"')[1].split("}")[0])
    assert set(names) == {name.replace("_", "-") for name in catalog.TABLE}


def test_what_is_copied_is_sent_to_the_builder() -> None:
    sent = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    }
    assert copied
    for source in copied:
        assert any(source == each or source.startswith(f"{each}/") for each in sent), source


def test_compose_has_a_service_for_every_unit_of_the_demo() -> None:
    plan = compiler.compile_experiment(
        compiler.load_file(ROOT / "experiments/pipeline/demo.yaml", ())
    )
    units = {unit.name for _, unit in plan.units()}
    assert set(COMPOSE["services"]) == units | {"plan", "conductor"}
    for name in units:
        service = COMPOSE["services"][name]
        assert service["command"] == [f"/run/tickwork/plan/units/{name}.json"]
        assert service["healthcheck"]["test"][0] == "CMD"
        assert COMPOSE["services"]["conductor"]["depends_on"][name] == {
            "condition": "service_healthy"
        }


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_no_service_can_do_more_than_it_must(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["user"] == "65532:65532"
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "ports" not in service
    assert not service.get("privileged")
