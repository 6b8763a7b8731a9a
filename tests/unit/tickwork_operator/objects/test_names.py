import re

import hypothesis
import hypothesis.strategies as st
from tickwork_operator.objects import names

LABEL = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
WORDS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", fullmatch=True)


def test_a_name_says_whose_and_what_and_ends_in_the_tag() -> None:
    mark = names.tag("0b5ad7a4")
    assert names.child("demo", "venue", mark) == f"demo-venue-{mark}"
    assert len(mark) == 5
    assert names.tag("0b5ad7a4", 2) == f"{mark}-2"


@hypothesis.given(experiment=WORDS, part=WORDS, uid=st.text(), attempt=st.integers(1, 99))
@hypothesis.example(experiment="0", part="0--0", uid="", attempt=1)
def test_every_name_is_a_services_name(experiment, part, uid, attempt) -> None:
    made = names.child(experiment, part, names.tag(uid, attempt))
    assert LABEL.fullmatch(made)
    assert "--" not in made[-12:] or "--" in part, "a dash is doubled by nobody but the writer"


def test_names_that_are_cut_stay_different() -> None:
    mark = names.tag("u")
    one = names.child("x" * 40, "pipeline-with-a-very-long-arm-a", mark)
    other = names.child("x" * 40, "pipeline-with-a-very-long-arm-b", mark)
    assert one != other
    assert len(one) == len(other) == 63


PORTS = st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)


@hypothesis.given(st.lists(st.tuples(WORDS, PORTS), unique=True, max_size=40))
def test_port_names_are_short_valid_and_different(ports) -> None:
    made = names.port_names(ports)
    assert set(made) == set(ports)
    assert len(set(made.values())) == len(ports)
    for name in made.values():
        assert re.fullmatch(r"(?!.*--)(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?", name)


def test_a_port_name_begins_with_the_port() -> None:
    ports = [("forwarder", "metrics"), ("shm", "control"), ("forwarder", "control")]
    made = names.port_names(ports)
    assert made["shm", "control"] == "control-shm"
    assert made["forwarder", "metrics"].startswith("metrics-")
    assert made["forwarder", "control"].startswith("control-")
