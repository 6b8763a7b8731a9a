"""Joining proof and truth equals the plain way: a dictionary and a loop."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tickwork_analysis.questions import book_proof

ROWS = st.lists(
    st.tuples(
        st.integers(0, 2), st.sampled_from([0, 2, 3, 4]), st.integers(0, 12), st.integers(0, 2)
    ),
    max_size=40,
)


def _rows(tuples: list[tuple[int, int, int, int]]) -> np.ndarray:
    rows = np.zeros(len(tuples), book_proof.ROW)
    for row, (instrument, state, update_id, digest) in zip(rows, tuples, strict=True):
        row["instrument"], row["state"] = instrument, state
        row["update_id"], row["digest"] = (1 << 60) + update_id, digest
    return rows


@given(proof=ROWS, truth=ROWS)
def test_join_equals_the_plain_way(
    proof: list[tuple[int, int, int, int]], truth: list[tuple[int, int, int, int]]
) -> None:
    unique = {(each[0], each[2]): each for each in truth}
    live = [each for each in proof if each[1] == book_proof.LIVE]
    equal = [
        each
        for each in live
        if (each[0], each[2]) in unique and unique[each[0], each[2]][3] == each[3]
    ]
    found = book_proof.join(_rows(proof), _rows(list(unique.values())))
    assert found == book_proof.Joined(len(live), len(equal))
