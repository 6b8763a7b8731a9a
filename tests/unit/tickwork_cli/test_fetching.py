import gzip
import io
import pathlib
import tarfile

import pytest
from tickwork_cli import fetching

from tickwork import errors


def archive(tmp_path: pathlib.Path, *entries: tarfile.TarInfo) -> pathlib.Path:
    file = tmp_path / "run.tar"
    with tarfile.open(file, "w") as stream:
        for entry in entries:
            stream.addfile(entry, io.BytesIO(b"x" * entry.size))
    return file


def entry(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, link: str = ""):
    made = tarfile.TarInfo(name)
    made.type, made.size, made.linkname = kind, size, link
    return made


def test_plain_files_are_unpacked(tmp_path) -> None:
    file = archive(tmp_path, entry("results.json", size=3), entry("blocks/000-main/a", size=1))
    assert fetching.unpack(file, tmp_path / "run") == 2
    assert (tmp_path / "run/blocks/000-main/a").read_bytes() == b"x"


@pytest.mark.parametrize(
    "evil",
    [
        entry("../outside", size=1),
        entry("blocks/../../outside", size=1),
        entry("link", tarfile.SYMTYPE, link="/etc/passwd"),
        entry("link", tarfile.LNKTYPE, link="../outside"),
        entry("device", tarfile.CHRTYPE),
        entry("pipe", tarfile.FIFOTYPE),
    ],
    ids=lambda each: each.name,
)
def test_what_leads_elsewhere_is_refused(tmp_path, evil) -> None:
    file = archive(tmp_path, evil)
    with pytest.raises(errors.RunError, match="Unpacking"):
        fetching.unpack(file, tmp_path / "run")
    assert not (tmp_path / "outside").exists()


def test_an_absolute_path_stays_below(tmp_path) -> None:
    file = archive(tmp_path, entry("/inside", size=1))
    fetching.unpack(file, tmp_path / "run")
    assert (tmp_path / "run/inside").exists()


def test_a_compressed_stream_is_refused_since_it_may_be_of_any_size(tmp_path) -> None:
    file = archive(tmp_path, entry("results.json", size=3))
    file.write_bytes(gzip.compress(file.read_bytes()))
    with pytest.raises(errors.RunError, match="Unpacking"):
        fetching.unpack(file, tmp_path / "run")


class Cluster:
    """A cluster with one finished Experiment; it has no pods."""

    namespace = "lab"

    def __init__(self, run: str = "demo-abcde", **results: str) -> None:
        self.experiment = {"spec": {}, "status": {"run": run, "results": results}}

    def get(self, _name: str):
        return self.experiment

    def pods(self, _selector: str):
        return []


@pytest.mark.parametrize("run", ["../outside", "/outside", "a,b=c", "a/b", "..", "x" * 64])
def test_a_run_s_name_that_leads_elsewhere_is_refused(tmp_path, run) -> None:
    with pytest.raises(errors.InputError, match="no name of a run"):
        fetching.fetch(Cluster(run), "demo", tmp_path / "runs", release=True, say=print)
    assert not (tmp_path / "runs").exists()


def test_a_claim_is_read_though_only_the_operator_s_option_names_it(tmp_path) -> None:
    on = Cluster(sink="pvc", where="pvc/results/demo-abcde")
    with pytest.raises(errors.InputError, match="Conductor's pod") as refused:
        fetching.fetch(on, "demo", tmp_path, release=True, say=print)
    assert "Mount the claim results" in str(refused.value.remedy)


def test_a_keeper_that_goes_after_all_came_spoils_nothing(tmp_path, monkeypatch) -> None:
    def receive(_on, _pod, target, _say) -> None:
        target.mkdir()

    def ask(*_) -> bytes:
        raise errors.RunError("Asking the keeper: it is gone.")

    said: list[str] = []
    monkeypatch.setattr(fetching, "_keeping_pod", lambda *_: "demo-conductor")
    monkeypatch.setattr(fetching, "_receive", receive)
    monkeypatch.setattr(fetching, "_ask", ask)
    root = fetching.fetch(Cluster(), "demo", tmp_path, release=True, say=said.append)
    assert root == tmp_path / "demo-abcde"
    assert (tmp_path / "latest").resolve() == root
    assert "not told" in said[0]
