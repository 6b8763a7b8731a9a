import hashlib

import pytest
from tickwork_services.host import collect

from tickwork import errors

CHUNK = collect.CHUNK_BYTES_MAX


@pytest.fixture
def root(tmp_path):
    out = tmp_path / "out"
    (out / "000-main" / "incarnation-1").mkdir(parents=True)
    (out / "001-main").mkdir()
    (out / "000-main" / "b.bin").write_bytes(bytes(range(256)) * (10_000))
    (out / "000-main" / "a.json").write_text("{}")
    (out / "000-main" / "empty").write_text("")
    (out / "000-main" / "counters.json.part").write_text("half")
    (out / "000-main" / "incarnation-1" / "c").write_text("old")
    (out / "001-main" / "d").write_text("next")
    (tmp_path / "secret").write_text("secret")
    (out / "000-main" / "link").symlink_to(tmp_path / "secret")
    (out / "000-main" / "folder").symlink_to(tmp_path)
    return out


def test_files_come_in_order_without_links_and_halves(root):
    assert collect.list_files(root, "000-main") == [
        "000-main/a.json",
        "000-main/b.bin",
        "000-main/empty",
        "000-main/incarnation-1/c",
    ]
    assert collect.list_files(root, "")[-1] == "001-main/d"
    assert collect.list_files(root, "007-main") == []


@pytest.mark.parametrize("label", ["..", "000-main/..", "/etc", "000-Main", "0-main", "000-"])
def test_a_label_that_is_no_label_is_refused(root, label):
    with pytest.raises(errors.InputError, match="no block's name"):
        collect.list_files(root, label)


def test_pieces_are_bounded_and_bear_the_digest(root):
    pieces = [p for p in collect.read_pieces(root, "", "", 0) if p.path.endswith("b.bin")]
    whole = (root / "000-main" / "b.bin").read_bytes()
    assert [piece.offset for piece in pieces] == [0, CHUNK, 2 * CHUNK]
    assert b"".join(piece.data for piece in pieces) == whole
    assert [piece.last for piece in pieces] == [False, False, True]
    assert pieces[-1].sha256 == hashlib.sha256(whole).hexdigest()


def test_an_empty_file_is_one_empty_piece(root):
    piece = next(p for p in collect.read_pieces(root, "", "", 0) if p.path.endswith("empty"))
    assert (piece.data, piece.last) == (b"", True)
    assert piece.sha256 == hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize("offset", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2_560_000, 9_999_999])
def test_a_collection_resumes_anywhere(root, offset):
    pieces = list(collect.read_pieces(root, "000-main", "000-main/b.bin", offset))
    whole = (root / "000-main" / "b.bin").read_bytes()
    resumed = [piece for piece in pieces if piece.path == "000-main/b.bin"]
    assert b"".join(piece.data for piece in resumed) == whole[offset:]
    assert resumed[-1].sha256 == hashlib.sha256(whole).hexdigest()
    assert pieces[0].path == "000-main/b.bin"
    assert pieces[-1].path == "000-main/incarnation-1/c"


def test_a_path_is_compared_and_never_opened(root):
    assert next(collect.read_pieces(root, "001-main", "../secret", 0)).path == "001-main/d"
    assert list(collect.read_pieces(root, "001-main", "~", 0)) == []
