"""Marks everything in this folder, and skips it with one sentence where helm is missing."""

import pathlib
import shutil

import pytest

from chart import rendering

HERE = pathlib.Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("chart")


@pytest.fixture(autouse=True, scope="session")
def helm() -> None:
    if shutil.which("helm") is None:
        pytest.skip("helm is not on the PATH; the chart can only be rendered with it")


@pytest.fixture(scope="session")
def defaults(helm: None) -> rendering.Objects:
    return rendering.render()


@pytest.fixture(scope="session")
def full(helm: None) -> rendering.Objects:
    return rendering.render(rendering.FULL)
