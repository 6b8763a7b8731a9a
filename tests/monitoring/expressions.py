"""What expressions of panels and alerts name, and how they are asked of a short run."""

import re

from monitoring import local_run

PAGE = local_run.ROOT / "docs/reference/metrics.md"
OPERATOR = "## Of the operator"
UNIT_LABELS = {"experiment", "run", "group", "unit", "arm"}
WINDOW = "10s"
_ROW = re.compile(r"^\| `(tickwork_\w+)` \| (\w+) \|", re.MULTILINE)
_NAME = re.compile(r"\b(tickwork_\w+|up)\b(?!\s*=)")
_STRING = re.compile(r'"[^"]*"')


def listed(of: str = "all") -> set[str]:
    """Returns every name that the page of metrics lists, with those that histograms make."""
    names = set()
    for name, kind in types(of).items():
        parts = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        names |= {name + part for part in parts}
    return names


def types(of: str = "all") -> dict[str, str]:
    """Returns metric → type as the page lists them: of ``unit``, of ``operator``, of ``all``."""
    unit, _, operator = PAGE.read_text("utf-8").partition(OPERATOR)
    text = {"unit": unit, "operator": operator, "all": unit + operator}[of]
    return dict(_ROW.findall(text))


def metrics_of(expression: str) -> set[str]:
    """Returns the names of metrics in ``expression``; what stands in strings is none."""
    return set(_NAME.findall(_STRING.sub('""', expression)))


def is_of_the_operator(expression: str) -> bool:
    """Says whether ``expression`` asks for something that only the operator tells."""
    return bool(metrics_of(expression) & listed("operator"))


def with_window(expression: str) -> str:
    """Returns ``expression`` with every window as short as a run of seconds needs."""
    return re.sub(r"\[\d+[smh]\]", f"[{WINDOW}]", expression)
