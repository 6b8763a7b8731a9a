"""Loads an Experiment: text in, a valid Experiment or every mistake with its line out."""

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any

from tickwork import errors
from tickwork.manifest import document, overrides, validation
from tickwork.manifest.envelope import MAIN_ARM, Arm, Experiment, Head, Shared
from tickwork.manifest.kind import Context, Finding, Kind, Kinds
from tickwork.unit.model import Model

# What an arm may not change: it would not be the same comparison.
_FIXED_FOR_ARMS = ("arms", "repeats", "seed", "drainMs", "restart", "suspend", "cluster")


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
            arms = _check_arms(read, name, kinds[kind], shared, mistakes)
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
    known = ", ".join(sorted(kinds))
    line = read.line(("spec", present[1]) if present else ("spec",))
    text = f"has {len(present)} kinds; exactly one of {known} must stand below spec"
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
        findings = [Finding(checked.place(each.path), each.text) for each in _shared_rules(shared)]
        _report(read, mistakes, ("spec",), findings)
    return shared


def _shared_rules(shared: Shared) -> list[Finding]:
    findings = []
    duration, warm_up = shared.duration_seconds, shared.warm_up_seconds
    if duration is not None and warm_up >= duration:
        text = f"the warm-up ({warm_up:g} s) must end before the duration ({duration:g} s) does"
        findings.append(Finding(("warmUpSeconds",), text))
    if duration is None and (shared.arms or shared.repeats > 1):
        text = "a comparison needs durationSeconds: without it the run is a provider without end"
        findings.append(Finding(("arms",) if shared.arms else ("repeats",), text))
    if len(shared.arms) == 1:
        findings.append(Finding(("arms",), "a comparison needs at least two arms"))
    seen: set[str] = set()
    for index, arm in enumerate(shared.arms):
        if arm.name in seen:
            findings.append(Finding(("arms", index, "name"), f"arm {arm.name} is there twice"))
        seen.add(arm.name)
        findings += [
            Finding(("arms", index, "set", path), f"an arm cannot set {path.split('.')[0]}")
            for path in arm.set
            if path.split(".")[0] in _FIXED_FOR_ARMS
        ]
    return findings


def _check_arms(
    read: document.Document,
    name: str,
    kind: Kind,
    shared: Shared,
    mistakes: set[errors.Mistake],
) -> tuple[Arm, ...]:
    """Validates the kind's spec once for each arm, with the arm's values laid over it."""
    if not shared.arms:
        spec = _check_kind(read, kind, Context(name, shared, None), mistakes)
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
    known = sorted({name for arm in arms for name in kind.groups(arm.spec)})
    if not known:
        return
    findings = [
        Finding(
            ("cluster", "groups", name), f"there is no group {name}; there are {', '.join(known)}"
        )
        for name in shared.cluster.groups
        if name not in known
    ]
    _report(read, mistakes, ("spec",), findings)


def _check_kind(
    read: document.Document, kind: Kind, context: Context, mistakes: set[errors.Mistake]
) -> Model | None:
    root = ("spec", kind.name)
    checked = validation.check(kind.spec, read.value["spec"][kind.name])
    _report(read, mistakes, root, checked.findings)
    if checked.instance is None:
        return None
    for finding in kind.check(context, checked.instance):
        _report(read, mistakes, root, [Finding(checked.place(finding.path), finding.text)])
    return checked.instance
