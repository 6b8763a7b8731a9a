"""Whatever is written: a manifest compiles, or every mistake is told; nothing else happens."""

import copy
import json
import pathlib

import hypothesis
import hypothesis.strategies as st

from tickwork import errors
from tickwork.kinds import compiler
from tickwork.manifest import document
from tickwork.plan import plan as plans

DEMO = pathlib.Path(__file__).parents[2] / "experiments" / "pipeline" / "demo.yaml"
VALUE = document.read(DEMO.read_text()).value
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(1 << 70), 1 << 70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=60),
    st.sampled_from(["shm", "tcp", "memory", "fused", "spin", "drop", "BTCUSDT", "book", "twin"]),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


def paths_of(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in items if isinstance(value, dict | list) else ():
        if isinstance(each, dict | list):
            yield from paths_of(each, (*path, key))
        else:
            yield (*path, key)


PATHS = [path for path in paths_of(VALUE) if path]


def changed(edits):
    """Returns the demo with ``edits`` made: each replaces, removes or adds at one path."""
    value = copy.deepcopy(VALUE)
    for path, how, new in edits:
        here = value
        try:
            for part in path[:-1]:
                here = here[part]
            if how == "replace":
                here[path[-1]] = new
            elif how == "remove":
                del here[path[-1]]
            elif isinstance(here, dict):
                here["extra"] = new
            else:
                here.append(new)
        except (KeyError, IndexError, TypeError):
            continue
    return value


@hypothesis.settings(max_examples=80)
@hypothesis.given(
    edits=st.lists(
        st.tuples(st.sampled_from(PATHS), st.sampled_from(["replace", "remove", "add"]), JSON),
        min_size=1,
        max_size=4,
    )
)
def test_a_changed_manifest_compiles_or_tells_its_mistakes(edits) -> None:
    text = json.dumps(changed(edits), indent=1)
    try:
        plan = compiler.compile_experiment(compiler.load(text, "changed.yaml"))
    except errors.ManifestError as error:
        assert error.mistakes
        assert all(each.line > 0 and each.text for each in error.mistakes)
    else:
        assert plans.from_json(plan.to_json()) == plan


@hypothesis.settings(max_examples=80)
@hypothesis.given(text=st.text(max_size=80))
def test_any_text_is_read_or_refused_with_a_line(text) -> None:
    read = document.read(text)
    assert read.mistakes or read.value is not None or text.strip()
    assert all(each.line > 0 for each in read.mistakes)


@hypothesis.settings(max_examples=50)
@hypothesis.given(path=st.sampled_from(PATHS), value=JSON)
def test_any_set_compiles_or_tells_its_mistakes(path, value) -> None:
    name = ".".join(str(part) for part in path[1:])
    try:
        compiler.load(DEMO.read_text(), "demo.yaml", [f"{name}={json.dumps(value)}"])
    except errors.InputError as error:
        assert str(error)


@hypothesis.settings(max_examples=200)
@hypothesis.given(value=JSON)
def test_what_is_written_is_read_back(value) -> None:
    read = document.read(document.write({"it": value}))
    assert read.mistakes == []
    assert read.value == {"it": value}
    assert json.dumps(read.value) == json.dumps({"it": value})
