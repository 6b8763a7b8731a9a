"""The rules across the fields that all kinds share, and across those and a kind's groups."""

from collections.abc import Iterator, Sequence

from tickwork.manifest.cluster import GroupPlacement, Sink, Toleration
from tickwork.manifest.envelope import Shared
from tickwork.manifest.kind import Kind, Kinds
from tickwork.manifest.rule import Breach, Cel, Context, Rule, written

# What an arm may not change: it would not be the same comparison.
FIXED_FOR_ARMS = (
    "arms",
    "repeats",
    "seed",
    "drainMs",
    "holdSeconds",
    "restart",
    "suspend",
    "cluster",
)
# Labels and annotations of these owners are the operator's.
RESERVED = ("tickwork.dev/", "app.kubernetes.io/")

_GROUPS = "spec.cluster.groups.*"
_WARM_UP = written(Shared, "warm_up_seconds")


def _warm_up(_: Context, shared: Shared) -> Iterator[Breach]:
    duration, warm_up = shared.duration_seconds, shared.warm_up_seconds
    if duration is not None and warm_up >= duration:
        yield Breach(("warmUpSeconds",), f"{warm_up:g} s of {duration:g} s")


def _endless_comparison(_: Context, shared: Shared) -> Iterator[Breach]:
    if shared.duration_seconds is None and (shared.arms or shared.repeats > 1):
        yield Breach(("arms",) if shared.arms else ("repeats",))


def _one_arm(_: Context, shared: Shared) -> Iterator[Breach]:
    if len(shared.arms) == 1:
        yield Breach(("arms",))


def _arm_twice(_: Context, shared: Shared) -> Iterator[Breach]:
    names = [arm.name for arm in shared.arms]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Breach(("arms", index, "name"), f"arm {name} is there twice")


def _fixed_for_arms(_: Context, shared: Shared) -> Iterator[Breach]:
    for index, arm in enumerate(shared.arms):
        for path in arm.set:
            if path.split(".")[0] in FIXED_FOR_ARMS:
                yield Breach(("arms", index, "set", path))


def _provider_restart(_: Context, shared: Shared) -> Iterator[Breach]:
    if shared.duration_seconds is None and shared.restart == "never":
        yield Breach(("restart",))


def _claim(_: Context, shared: Shared) -> Iterator[Breach]:
    sink = shared.cluster.sink
    if sink is not None and (sink.kind == "pvc") != (sink.claim is not None):
        yield Breach(("cluster", "sink"))


def _whole_cpus(_: Context, shared: Shared) -> Iterator[Breach]:
    for name, group in shared.cluster.groups.items():
        if group.qos == "guaranteed" and group.cpus != int(group.cpus):
            yield Breach(("cluster", "groups", name), f"{group.cpus:g} is asked for")


def _tolerations(_: Context, shared: Shared) -> Iterator[Breach]:
    for name, group in shared.cluster.groups.items():
        for index, each in enumerate(group.tolerations):
            if not _is_toleration(each):
                yield Breach(("cluster", "groups", name, "tolerations", index))


def _is_toleration(each: Toleration) -> bool:
    if each.operator == "Exists":
        return each.value is None
    return each.key is not None


def _reserved(_: Context, shared: Shared) -> Iterator[Breach]:
    for name, group in shared.cluster.groups.items():
        for field, keys in (("labels", group.labels), ("annotations", group.annotations)):
            for key in keys:
                if key.startswith(RESERVED):
                    yield Breach(("cluster", "groups", name, field, key))


def _cel_of_reserved(field: str) -> Cel:
    ours = " || ".join(f"k.startsWith('{each}')" for each in RESERVED)
    rule = f"!has(self.{field}) || self.{field}.all(k, !({ours}))"
    return Cel(_GROUPS, rule, f".{field}")


RULES: tuple[Rule[Shared], ...] = (
    Rule(
        "the warm-up must end before the duration does",
        _warm_up,
        (
            Cel(
                "spec",
                f"!has(self.durationSeconds) || {_WARM_UP} < self.durationSeconds",
                ".warmUpSeconds",
            ),
        ),
    ),
    Rule(
        "a comparison needs durationSeconds: without it the run is a provider without end",
        _endless_comparison,
        (
            Cel("spec", "has(self.durationSeconds) || !has(self.arms)", ".arms"),
            Cel(
                "spec",
                f"has(self.durationSeconds) || has(self.arms) || {written(Shared, 'repeats')} == 1",
                ".repeats",
            ),
        ),
    ),
    Rule(
        "a comparison needs at least two arms",
        _one_arm,
        (Cel("spec", "!has(self.arms) || size(self.arms) != 1", ".arms"),),
    ),
    Rule("duplicate value", _arm_twice, by_schema=True),
    Rule(f"an arm cannot set {', '.join(FIXED_FOR_ARMS)}", _fixed_for_arms),
    Rule(
        "restart: never is not for a provider, which is always restarted; leave it out, or give "
        "durationSeconds",
        _provider_restart,
        (
            Cel(
                "spec",
                "has(self.durationSeconds) || !has(self.restart) || self.restart != 'never'",
                ".restart",
            ),
        ),
    ),
    Rule(
        "claim names the volume claim of the sink pvc, and of no other",
        _claim,
        (
            Cel(
                "spec.cluster.sink",
                f"({written(Sink, 'kind')} == 'pvc') == has(self.claim)",
            ),
        ),
    ),
    Rule(
        "guaranteed needs whole cpus",
        _whole_cpus,
        (
            Cel(
                _GROUPS,
                f"{written(GroupPlacement, 'qos')} != 'guaranteed' || "
                f"{written(GroupPlacement, 'cpus')} == "
                f"double(int({written(GroupPlacement, 'cpus')}))",
            ),
        ),
    ),
    Rule(
        "a toleration has either operator Exists and no value, or a key",
        _tolerations,
        (
            Cel(
                f"{_GROUPS}.tolerations[]",
                f"{written(Toleration, 'operator')} == 'Exists' ? !has(self.value) : has(self.key)",
            ),
        ),
    ),
    Rule(
        f"keys that begin with {' or '.join(RESERVED)} are the operator's own",
        _reserved,
        (_cel_of_reserved("labels"), _cel_of_reserved("annotations")),
    ),
)

NO_GROUP = "there is no such group"
"""The words for a placement of a group that no arm makes."""


def unknown_groups(shared: Shared, known: Sequence[str]) -> Iterator[Breach]:
    """Yields every placement whose group is not ``known``."""
    for name in shared.cluster.groups:
        if name not in known:
            there_are = ", ".join(sorted(known))
            yield Breach(("cluster", "groups", name), f"{name}; there are {there_are}")


def group_rule(kind: Kind, known: Sequence[str] = ()) -> Rule[Shared]:
    """Returns the rule on groups of ``kind``, of which ``known`` are made.

    With arms the API server cannot know them: each arm may make others.
    """
    cel = Cel(
        "spec",
        f"!has(self.{kind.name}) || !has(self.cluster) || !has(self.cluster.groups) || "
        f"has(self.arms) || self.cluster.groups.all(g, {kind.is_group})",
        ".cluster.groups",
        f"self.cluster.groups.filter(g, !({kind.is_group}))[0]",
    )
    return Rule(NO_GROUP, lambda _, shared: unknown_groups(shared, known), (cel,))


def kind_rule(kinds: Kinds) -> Cel:
    """Returns the CEL of the union: exactly one kind below ``spec``."""
    present = ", ".join(f"has(self.{name})" for name in sorted(kinds))
    return Cel("spec", f"[{present}].exists_one(each, each)")


def one_kind_words(kinds: Kinds) -> str:
    """Returns the words for a spec with no kind, or with several."""
    return f"exactly one of {', '.join(sorted(kinds))} must stand below spec"
