"""Loads a wing when a verb needs it; where it is missing, says what to install."""

import importlib
from typing import Any

from tickwork import errors

PACKAGES = {
    "tickwork_services": "tickwork-services",
    "tickwork_native": "tickwork-native",
    "tickwork_analysis": "tickwork-analysis",
    "tickwork_operator": "tickwork-operator",
}


def load(module: str, verb: str) -> Any:
    """Imports ``module`` of a wing for ``verb``; raises MissingError when the wing is missing."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        package = PACKAGES.get(missing)
        if package is None:
            raise
        raise errors.MissingError(
            f"tickwork {verb} needs the package {package}, which is not installed.",
            f"Install it beside tickwork-cli: pip install {package}",
        ) from error
