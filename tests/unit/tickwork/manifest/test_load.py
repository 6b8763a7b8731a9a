import pathlib

import pytest

from tickwork import errors
from tickwork.kinds import compiler
from tickwork.manifest import load

GOLDEN = pathlib.Path(__file__).parents[3] / "golden" / "manifests"
BASE = """
apiVersion: tickwork.dev/v1alpha1
kind: Experiment
metadata: {name: base}
spec:
  durationSeconds: 10
  pipeline:
    venue: {name: binance-usdm, instruments: [BTCUSDT], twin: {}}
"""


def lines_of(text: str, *sets: str) -> list[tuple[int, str]]:
    with pytest.raises(errors.ManifestError) as refused:
        compiler.load(text, "x.yaml", sets)
    return [(mistake.line, mistake.path) for mistake in refused.value.mistakes]


def test_seven_mistakes_have_seven_lines() -> None:
    text = (GOLDEN / "seven-mistakes.yaml").read_text()
    with pytest.raises(errors.ManifestError) as refused:
        compiler.load(text, "seven-mistakes.yaml")
    assert f"{refused.value}\n" == (GOLDEN / "seven-mistakes.txt").read_text()
    assert len({mistake.line for mistake in refused.value.mistakes}) == 7
    assert refused.value.exit_code == 2


def test_a_plain_run_has_one_arm() -> None:
    experiment = compiler.load(BASE, "x.yaml")
    assert [arm.name for arm in experiment.arms] == ["main"]
    assert experiment.kind == "pipeline"


def test_without_duration_it_is_a_provider() -> None:
    experiment = compiler.load(BASE.replace("  durationSeconds: 10\n", ""), "x.yaml")
    assert experiment.shared.restart_policy == "onFailure"
    assert compiler.load(BASE, "x.yaml").shared.restart_policy == "never"


def test_set_is_laid_over_before_validation() -> None:
    experiment = compiler.load(BASE, "x.yaml", ["durationSeconds=20", "pipeline.book.depth=7"])
    assert experiment.shared.duration_seconds == 20
    assert experiment.arms[0].spec.book.depth == 7


def test_an_unknown_path_of_set_is_a_mistake() -> None:
    assert lines_of(BASE, "pipeline.book.dept=7") == [(0, "pipeline.book.dept")]


def test_exactly_one_kind() -> None:
    assert lines_of(BASE.replace("  pipeline:", "  pipelin:")) == [(5, "spec"), (7, "pipelin")]


def test_arms_are_validated_one_by_one() -> None:
    text = BASE + (
        "  arms:\n"
        "    - {name: a, set: {pipeline.placement: fused}}\n"
        "    - {name: b, set: {pipeline.placement: sideways}}\n"
    )
    assert lines_of(text) == [(11, "pipeline.placement")]


def test_arms_hold_their_own_spec() -> None:
    text = BASE + (
        "  arms:\n"
        "    - {name: a, set: {pipeline.placement: fused}}\n"
        "    - {name: b, set: {pipeline.placement: split, durationSeconds: 5}}\n"
    )
    experiment = compiler.load(text, "x.yaml")
    assert [arm.spec.placement for arm in experiment.arms] == ["fused", "split"]
    assert [arm.shared.duration_seconds for arm in experiment.arms] == [10, 5]


@pytest.mark.parametrize(
    ("sets", "path"),
    [
        (["durationSeconds=1"], "warmUpSeconds"),
        (["arms=[{name: a}]"], "arms"),
        (["arms=[{name: a}, {name: a}]"], "arms.1.name"),
        (["arms=[{name: a}, {name: b, set: {seed: 5}}]"], "arms.1.set.seed"),
        (["arms=[{name: a}, {name: b, set: {drainMs: 5}}]"], "arms.1.set.drainMs"),
        (["arms=[{name: a, set: {restart: never}}, {name: b}]"], "arms.0.set.restart"),
        (["durationSeconds=null", "repeats=3"], "repeats"),
        (
            ["arms=[{name: a}, {name: b, set: {cluster.plaintext: true}}]"],
            "arms.1.set.cluster.plaintext",
        ),
        (["cluster.groups={nowhere: {}}"], "cluster.groups.nowhere"),
    ],
)
def test_rules_across_shared_fields(sets: list[str], path: str) -> None:
    assert path in [mistake for _, mistake in lines_of(BASE, *sets)]


@pytest.mark.parametrize("text", ["[]", "5", "just words", "", "a: 1\nb"])
def test_what_is_no_experiment_is_refused(text: str) -> None:
    assert lines_of(text)


def test_a_file_that_is_not_there_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.InputError, match=r"none\.yaml"):
        load.load_file(tmp_path / "none.yaml", compiler.KINDS)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"a: \xff")
    with pytest.raises(errors.InputError, match="UTF-8"):
        load.load_file(path, compiler.KINDS)


def test_a_file_too_large_is_not_read_to_its_end(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(errors.ManifestError, match="larger"):
        load.load_file(path, compiler.KINDS)


def test_names_of_python_are_not_those_of_a_manifest() -> None:
    with pytest.raises(errors.ManifestError, match="did you mean durationSeconds"):
        compiler.load(BASE.replace("durationSeconds", "duration_seconds"), "x.yaml")


def test_a_kind_that_is_misspelt_is_suggested() -> None:
    with pytest.raises(errors.ManifestError, match="did you mean pipeline"):
        compiler.load(BASE.replace("  pipeline:", "  pipelin:"), "x.yaml")


def test_what_a_set_laid_over_has_no_line() -> None:
    with pytest.raises(errors.ManifestError, match=r"--set over x\.yaml: pipeline\.book\.dept"):
        compiler.load(BASE, "x.yaml", ["pipeline.book.dept=7"])


def test_an_unknown_group_is_a_mistake_with_its_line() -> None:
    text = BASE + "  cluster:\n    groups:\n      venue: {cpus: 1}\n      venus: {cpus: 1}\n"
    with pytest.raises(errors.ManifestError) as refused:
        compiler.load(text, "x.yaml")
    (mistake,) = refused.value.mistakes
    assert (mistake.line, mistake.path) == (12, "cluster.groups.venus")
    assert mistake.text == "there is no such group: venus; there are pipeline, venue"


def test_a_cluster_is_ignored_by_the_plan() -> None:
    text = BASE + "  suspend: true\n  cluster: {groups: {pipeline: {memoryMiB: 512}}}\n"
    experiment = compiler.load(text, "x.yaml")
    assert experiment.shared.cluster.groups["pipeline"].memory_mib == 512
    plain = compiler.compile_experiment(compiler.load(BASE, "x.yaml"))
    assert compiler.compile_experiment(experiment) == plain
