"""Loads a wing when a verb needs it; where it is missing, says what to install."""

import importlib
import importlib.util
from typing import Any

from tickwork import errors

PACKAGES = {
    "tickwork_services": "tickwork-services",
    "tickwork_native": "tickwork-native",
    "tickwork_analysis": "tickwork-analysis",
    "tickwork_operator": "tickwork-operator",
    "kubernetes": "tickwork-cli[cluster]",
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
        raise _missing(package, verb) from error


def require(package: str, verb: str) -> None:
    """Raises MissingError where ``package`` is not installed; imports nothing of it."""
    if importlib.util.find_spec(package) is None:
        raise _missing(PACKAGES[package], verb)


def _missing(package: str, verb: str) -> errors.MissingError:
    return errors.MissingError(
        f"tickwork {verb} needs the package {package}, which is not installed.",
        f"Install it beside tickwork-cli: pip install {package}",
    )
