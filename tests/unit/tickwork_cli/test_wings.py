import importlib
import re

import pytest
from tickwork_cli import wings

from tickwork import errors


@pytest.mark.parametrize("package", sorted(wings.PACKAGES))
def test_missing_wing_says_what_to_install(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    def refuse(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=package)

    monkeypatch.setattr(importlib, "import_module", refuse)
    with pytest.raises(errors.MissingError, match=re.escape(wings.PACKAGES[package])) as raised:
        wings.load(f"{package}.audit", "audit")
    assert raised.value.exit_code == 5


def test_other_missing_module_is_a_defect_not_a_missing_wing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(name: str) -> None:
        raise ModuleNotFoundError("No module named 'json5'", name="json5")

    monkeypatch.setattr(importlib, "import_module", refuse)
    with pytest.raises(ModuleNotFoundError):
        wings.load("tickwork_services.audit", "audit")
