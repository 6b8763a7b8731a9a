import pathlib

from tickwork.local import claim


def test_a_claimed_directory_belongs_to_one(tmp_path: pathlib.Path) -> None:
    held = claim.take(tmp_path / "run")
    assert held is not None
    assert claim.take(tmp_path / "run", retries=0) is None
    held.let_go()
    again = claim.take(tmp_path / "run")
    assert again is not None
    again.release()
    assert not (tmp_path / "run").exists()


def test_leftovers_of_the_dead_go_and_those_of_the_living_stay(tmp_path: pathlib.Path) -> None:
    living, dead = claim.take(tmp_path / "living"), claim.take(tmp_path / "dead")
    assert living is not None
    assert dead is not None
    (tmp_path / "dead" / "segment").write_bytes(b"left")
    (tmp_path / "foreign").mkdir()
    dead.let_go()
    assert claim.clean_leftovers(sorted(tmp_path.iterdir())) == [tmp_path / "dead"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["foreign", "living"]
    living.release()


def test_emptying_keeps_the_claim(tmp_path: pathlib.Path) -> None:
    held = claim.take(tmp_path / "run")
    assert held is not None
    (tmp_path / "run" / "inner").mkdir()
    (tmp_path / "run" / "file").write_bytes(b"")
    held.empty()
    assert [path.name for path in (tmp_path / "run").iterdir()] == [claim.CLAIM_FILE]
    held.release()


def test_a_claim_is_owner_only(tmp_path: pathlib.Path) -> None:
    held = claim.take(tmp_path / "run")
    assert held is not None
    assert (tmp_path / "run").stat().st_mode & 0o077 == 0
    held.release()
