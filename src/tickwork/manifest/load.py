"""Loads an Experiment: text in, a valid Experiment or every mistake with its line out."""

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any

from tickwork import errors
from tickwork.manifest import document, overrides, rule, shared_rules, validation
from tickwork.manifest.envelope import MAIN_ARM, Arm, Experiment, Head, Shared
from tickwork.manifest.kind import Kind, Kinds
from tickwork.manifest.rule import Context, Finding
from tickwork.unit.model import Model

# Where the head is wrong, the rest is checked all the same, as if the Experiment had this name.
_UNNAMED = "unnamed"


def load_file(path: pathlib.Path, kinds: Kinds, sets: Sequence[str] = ()) -> Experiment:
    """Loads the Experiment in the file ``path``.

    Raises InputError when it cannot be read, ManifestError with all its mistakes.
    """
    try:
        with path.open("rb") as file:
            # One byte more than is allowed is enough to know that there is too much.
            read = file.read(document.BYTES_MAX + 1)
        if len(read) > document.BYTES_MAX:
            raise errors.ManifestError(str(path), (document.TOO_LARGE,))
        text = read.decode("utf-8")
    except OSError as error:
        raise errors.InputError(
            f"Cannot read {path}: {error.strerror}.", "Give the path of an Experiment (YAML)."
        ) from error
    except UnicodeDecodeError as error:
        raise errors.InputError(
            f"Cannot read {path}: byte {error.start} is not UTF-8.", "Save the file as UTF-8."
        ) from error
    return load(text, str(path), kinds, sets)


def load(text: str, source: str, kinds: Kinds, sets: Sequence[str] = ()) -> Experiment:
    """Loads the Experiment in ``text``; ``sets`` are ``path=value``, laid over it first.

    ``source`` names the text in mistakes. Raises ManifestError with every mistake.
    """
    read = document.read(text)
    parsed = [overrides.parse_set(each) for each in sets]
    if isinstance(read.value, dict):
        for path, value in parsed:
            read = overrides.lay_over(read, path, value, 0)
    mistakes = {
        dataclasses.replace(each, path=each.path.removeprefix("spec.")) for each in read.mistakes
    }
    arms: tuple[Arm, ...] = ()
    name, kind, shared = "", "", None
    if isinstance(read.value, dict):
        name = _check_head(read, mistakes)
        kind = _find_kind(read, kinds, mistakes)
        shared = _check_shared(read, kinds, mistakes)
        if kind and shared is not None:
            arms = _check_arms(read, name or _UNNAMED, kinds[kind], shared, mistakes)
            _check_groups(read, kinds[kind], shared, arms, mistakes)
    elif not mistakes:
        mistakes.add(errors.Mistake(1, "", "an Experiment is a mapping: apiVersion, kind, …"))
    if mistakes or shared is None:
        raise errors.ManifestError(source, tuple(sorted(mistakes)))
    return Experiment(name, kind, shared, arms, source, text, read.value)


def _report(
    read: document.Document,
    mistakes: set[errors.Mistake],
    root: document.Path,
    findings: Sequence[Finding],
) -> None:
    """Adds findings as mistakes, unless the place, or one above it, has one already."""
    told = {each.path for each in mistakes}
    for finding in findings:
        full = (*root, *finding.path)
        path = full[1:] if full[:1] == ("spec",) else full
        prefixes = {document.show_path(path[:n]) for n in range(1, len(path) + 1)}
        if not prefixes & told:
            line = read.line(full)
            mistakes.add(errors.Mistake(line, document.show_path(path), finding.text))


def _check_head(read: document.Document, mistakes: set[errors.Mistake]) -> str:
    head = {key: value for key, value in read.value.items() if key not in ("spec", "status")}
    checked = validation.check(Head, head)
    _report(read, mistakes, (), checked.findings)
    return checked.instance.metadata.name if checked.instance else ""


def _spec(read: document.Document, mistakes: set[errors.Mistake]) -> dict[str, Any]:
    spec = read.value.get("spec")
    if isinstance(spec, dict):
        return spec
    line = read.line(("spec",))
    mistakes.add(errors.Mistake(line, "spec", "is required and must be a mapping"))
    return {}


def _find_kind(read: document.Document, kinds: Kinds, mistakes: set[errors.Mistake]) -> str:
    spec = _spec(read, mistakes)
    present = [key for key in spec if key in kinds]
    if len(present) == 1:
        return present[0]
    line = read.line(("spec", present[1]) if present else ("spec",))
    text = f"has {len(present)} kinds; {shared_rules.one_kind_words(kinds)}"
    mistakes.add(errors.Mistake(line, "spec", text))
    return ""


def _check_shared(
    read: document.Document, kinds: Kinds, mistakes: set[errors.Mistake]
) -> Shared | None:
    spec = _spec(read, mistakes)
    value = {key: spec[key] for key in spec if key not in kinds}
    checked = validation.check(Shared, value, beside=tuple(kinds))
    _report(read, mistakes, ("spec",), checked.findings)
    shared = checked.instance
    if shared is not None:
        context = Context("", shared, None)
        findings = [
            Finding(checked.place(each.path), each.text)
            for each in rule.check(shared_rules.RULES, context, shared)
        ]
        _report(read, mistakes, ("spec",), findings)
    return shared


def _check_arms(
    read: document.Document,
    name: str,
    kind: Kind,
    shared: Shared,
    mistakes: set[errors.Mistake],
) -> tuple[Arm, ...]:
    """Validates the kind's spec once for each arm, with the arm's values laid over it.

    The spec as it stands must be right, too: an API server sees no other.
    """
    spec = _check_kind(read, kind, Context(name, shared, None), mistakes)
    if not shared.arms:
        return () if spec is None else (Arm(MAIN_ARM, shared, spec),)
    arms = []
    for index, arm in enumerate(shared.arms):
        over = read
        for path, value in arm.set.items():
            line = read.line(("spec", "arms", index, "set", path))
            over = overrides.lay_over(over, overrides.split_path(path), value, line)
        mistakes.update(over.mistakes)
        own = _check_shared(over, {kind.name: kind}, mistakes)
        if own is None:
            continue
        spec = _check_kind(over, kind, Context(name, own, arm.name), mistakes)
        if spec is not None:
            arms.append(Arm(arm.name, own, spec))
    return tuple(arms)


def _check_groups(
    read: document.Document,
    kind: Kind,
    shared: Shared,
    arms: tuple[Arm, ...],
    mistakes: set[errors.Mistake],
) -> None:
    """Refuses a placement of a group that no arm makes."""
    known = [name for arm in arms for name in kind.groups(arm.spec)]
    if known:
        group_rule = shared_rules.group_rule(kind, tuple(dict.fromkeys(known)))
        findings = rule.check((group_rule,), Context("", shared, None), shared)
        _report(read, mistakes, ("spec",), findings)


def _check_kind(
    read: document.Document, kind: Kind, context: Context, mistakes: set[errors.Mistake]
) -> Model | None:
    root = ("spec", kind.name)
    checked = validation.check(kind.spec, read.value["spec"][kind.name])
    _report(read, mistakes, root, checked.findings)
    if checked.instance is None:
        return None
    for finding in rule.check(kind.rules, context, checked.instance):
        _report(read, mistakes, root, [Finding(checked.place(finding.path), finding.text)])
    return checked.instance
