import json

import pytest
import yaml
from tickwork_cli import main

from tickwork.kinds import crd


def test_the_definition_is_printed_for_kubectl(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["crd"]) == 0
    assert yaml.safe_load(capsys.readouterr().out) == crd.custom_resource_definition()


def test_the_schema_for_editors_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["crd", "--json-schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["$schema"].startswith("https://json-schema.org/")
