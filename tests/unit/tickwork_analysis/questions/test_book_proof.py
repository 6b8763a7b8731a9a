import pathlib

import numpy as np
import pytest
import synthetic_run
from tickwork_analysis import read
from tickwork_analysis.questions import book_proof


def test_row_is_64_bytes_at_the_documented_offsets() -> None:
    assert book_proof.ROW.itemsize == 64
    offsets = {name: book_proof.ROW.fields[name][1] for name in book_proof.ROW.names}
    assert (offsets["bids"], offsets["update_id"], offsets["digest"]) == (8, 16, 24)
    assert (offsets["bid"], offsets["ask_quantity"]) == (32, 56)


def test_live_row_without_truth_is_compared_and_unequal() -> None:
    proof, truth = synthetic_run.proof_rows(synthetic_run.Block(untrue=3))
    assert book_proof.join(proof, truth) == book_proof.Joined(100, 97)
    assert book_proof.join(proof, truth[:0]) == book_proof.Joined(100, 0)


def test_rows_that_are_not_live_are_not_compared() -> None:
    proof, truth = synthetic_run.proof_rows(synthetic_run.Block())
    proof["state"][:40] = 3
    proof["digest"][:40] = 0
    assert book_proof.join(proof, truth) == book_proof.Joined(60, 60)


@pytest.mark.parametrize("field", book_proof.COMPARED)
def test_every_compared_field_matters(field: str) -> None:
    proof, truth = synthetic_run.proof_rows(synthetic_run.Block())
    proof[field][17] += 1
    assert book_proof.join(proof, truth) == book_proof.Joined(100, 99)


def test_same_update_id_of_another_instrument_is_no_truth() -> None:
    proof, truth = synthetic_run.proof_rows(synthetic_run.Block())
    truth = truth.copy()
    truth["instrument"] = 7
    assert book_proof.join(proof, truth).equal == 0


def test_one_spoiled_truth_in_a_thousand_is_found() -> None:
    proof, truth = synthetic_run.proof_rows(synthetic_run.Block(rows=40_000))
    truth = truth.copy()
    truth["digest"][::1000] ^= np.uint64(1)
    assert book_proof.join(proof, truth) == book_proof.Joined(40_000, 39_960)


def test_torn_last_row_is_left_out(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "proof.bin"
    path.write_bytes(bytes(64 * 3 + 10))
    assert len(book_proof.read_rows(path)) == 3


def test_blocks_are_joined_apart(tmp_path: pathlib.Path) -> None:
    blocks = (synthetic_run.Block(0), synthetic_run.Block(1, wrong=2))
    run = read.read_run(synthetic_run.write_run(tmp_path / "run", blocks))
    found = book_proof.answer(run)
    assert (found.compared, found.equal, found.updates) == (200, 198, 200)
    assert (found.instruments, found.gaps, found.live_share) == (2, 8, 0.95)
