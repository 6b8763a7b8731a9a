import contextlib
import gzip
import io
import pathlib
import socket
import tarfile
import types

import pytest
from tickwork_cli import cluster, fetching

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
        fetching.fetch(Cluster(run), "demo", tmp_path / "runs", release=True, say=print, warn=print)
    assert not (tmp_path / "runs").exists()


def test_a_place_that_is_no_directory_is_refused(tmp_path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(errors.InputError, match="cannot be made: File exists") as told:
        fetching.fetch(Cluster(), "demo", tmp_path / "file", release=True, say=print, warn=print)
    assert told.value.remedy == "Fetch elsewhere: -o DIR"


def test_a_claim_is_read_though_only_the_operator_s_option_names_it(tmp_path) -> None:
    on = Cluster(sink="pvc", where="pvc/results/demo-abcde")
    with pytest.raises(errors.InputError, match="Conductor's pod") as refused:
        fetching.fetch(on, "demo", tmp_path, release=True, say=print, warn=print)
    assert "Mount the claim results" in str(refused.value.remedy)


def test_a_claim_is_not_read_while_its_run_goes_on(tmp_path) -> None:
    on = Cluster()
    on.experiment = {
        "spec": {"cluster": {"sink": {"kind": "pvc", "claim": "results"}}},
        "status": {"run": "demo-abcde", "phase": "Running"},
    }
    with pytest.raises(errors.InputError, match="not over yet"):
        fetching.fetch(on, "demo", tmp_path, release=True, say=print, warn=print)
    on.experiment["status"]["completionTime"] = "2026-11-21T09:00:00Z"
    with pytest.raises(errors.InputError, match="Conductor's pod"):
        fetching.fetch(on, "demo", tmp_path, release=True, say=print, warn=print)


@pytest.mark.parametrize(
    ("results", "claim"),
    [
        (None, None),
        ({"sink": "pvc", "where": None}, None),
        ({"sink": "pvc", "where": "results"}, None),
        ({"sink": "pvc", "where": "pvc/results"}, "results"),
        ({"sink": "job", "where": "job/demo"}, None),
    ],
    ids=str,
)
def test_an_odd_status_names_no_claim(results, claim) -> None:
    assert fetching.claim_of({"spec": {}, "status": {"results": results}}) == claim


def test_a_keeper_that_goes_after_all_came_spoils_nothing(tmp_path, monkeypatch) -> None:
    def receive(_on, _pod, target, _say) -> None:
        target.mkdir()

    def ask(*_) -> bytes:
        raise errors.RunError("Asking the keeper: it is gone.")

    said: list[str] = []
    monkeypatch.setattr(fetching, "_keeping_pod", lambda *_: "demo-conductor")
    monkeypatch.setattr(fetching, "_receive", receive)
    monkeypatch.setattr(fetching, "_ask", ask)
    root = fetching.fetch(Cluster(), "demo", tmp_path, release=True, say=print, warn=said.append)
    assert root == tmp_path / "demo-abcde"
    assert (tmp_path / "latest").resolve() == root
    assert "not told" in said[0]


def pod_of(phase: str, **metadata):
    image = types.SimpleNamespace(image="conductor:1", image_pull_policy="Never")
    spec = types.SimpleNamespace(image_pull_secrets=None, containers=[image])
    metadata = {"name": "demo-conductor", "deletion_timestamp": None, **metadata}
    return types.SimpleNamespace(
        status=types.SimpleNamespace(phase=phase, container_statuses=None),
        metadata=types.SimpleNamespace(**metadata),
        spec=spec,
    )


class Claimed(Cluster):
    """A cluster whose run lies in a claim; of the reader it has what ``left`` says."""

    def __init__(self, left=None) -> None:
        super().__init__(sink="pvc", where="pvc/results/demo-abcde")
        self.reader = left
        self.done: list[str] = []
        self.refusal: errors.TickworkError | None = None

    def pods(self, _selector: str):
        return [pod_of("Succeeded")]

    def pod(self, name: str):
        if self.reader is None:
            raise cluster.GoneError(f"Reading pod {name}: not found")
        return self.reader

    def make_pod(self, manifest) -> None:
        if self.reader is not None:
            raise cluster.TakenError("pods already exists")
        self.done.append(f"made {manifest['metadata']['name']}")
        self.reader = pod_of("Running")

    def delete_pod(self, name: str) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.done.append(f"deleted {name}")
        self.reader = None


NOT_YET = (
    errors.RunError("Asking the keeper: connection refused."),
    cluster.BusyError("Opening a way to port 8080 of demo: etcdserver: leader changed"),
)


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """What was asked of the keeper; it listens from the third time on."""
    paths: list[str] = []

    def ask(_on, _pod, _method, path, *_seconds) -> bytes:
        paths.append(path)
        if len(paths) < 3:
            raise NOT_YET[len(paths) - 1]
        return b"ok"

    monkeypatch.setattr(fetching, "_ask", ask)
    monkeypatch.setattr(fetching, "_receive", lambda _on, _pod, target, _say: target.mkdir())
    monkeypatch.setattr(fetching.clock, "sleep", lambda _ns: None)
    return paths


def test_a_reader_is_asked_only_once_it_listens_and_is_not_told_to_go(tmp_path, asked) -> None:
    on = Claimed()
    fetching.fetch(on, "demo", tmp_path, release=True, say=print, warn=print)
    assert asked == ["/healthz"] * 3
    assert on.done == ["made demo-abcde-reader", "deleted demo-abcde-reader"]


@pytest.mark.parametrize(
    "left",
    [pod_of("Failed"), pod_of("Succeeded"), pod_of("Running", deletion_timestamp="now")],
    ids=["failed", "ended", "going"],
)
def test_a_reader_left_over_is_replaced(tmp_path, asked, left) -> None:
    on = Claimed(left)
    fetching.fetch(on, "demo", tmp_path, release=True, say=print, warn=print)
    gone = "deleted demo-abcde-reader"
    assert on.done == [gone, "made demo-abcde-reader", gone]


def test_a_claim_is_read_once_the_conductor_has_ended_though_no_operator_says_so(
    tmp_path, asked
) -> None:
    ended = types.SimpleNamespace(
        name=fetching.CONDUCTOR, state=types.SimpleNamespace(terminated=object())
    )
    pod = pod_of("Running")
    on = Claimed()
    on.pods = lambda _selector: [pod]
    on.experiment = {
        "spec": {"cluster": {"sink": {"kind": "pvc", "claim": "results"}}},
        "status": {"run": "demo-abcde", "phase": "Running"},
    }
    with pytest.raises(errors.InputError, match="not over yet"):
        fetching.fetch(on, "demo", tmp_path, release=True, say=print, warn=print)
    pod.status.container_statuses = [ended]
    assert fetching.fetch(on, "demo", tmp_path, release=True, say=print, warn=print).is_dir()


def test_a_reader_that_another_fetch_makes_first_is_used_and_left(tmp_path, asked) -> None:
    class Late(Claimed):
        def delete_pod(self, name: str) -> None:
            super().delete_pod(name)
            self.reader, self.next = None, pod_of("Running")

        def make_pod(self, manifest) -> None:
            self.reader = self.reader or getattr(self, "next", None)
            super().make_pod(manifest)

    on = Late(pod_of("Failed"))
    assert fetching.fetch(on, "demo", tmp_path, release=True, say=print, warn=print).is_dir()
    assert on.done == ["deleted demo-abcde-reader"]


def test_a_reader_that_another_fetch_uses_is_used_and_left(tmp_path, asked) -> None:
    on = Claimed(pod_of("Running"))
    fetching.fetch(on, "demo", tmp_path, release=True, say=print, warn=print)
    assert on.done == []
    assert (tmp_path / "demo-abcde").is_dir()


def test_a_reader_that_never_listens_is_said_with_a_remedy(tmp_path, asked, monkeypatch) -> None:
    monkeypatch.setattr(fetching, "READER_SECONDS", 0)
    on = Claimed()
    with pytest.raises(errors.RunError, match="did not come up") as told:
        fetching.fetch(on, "demo", tmp_path, release=True, say=print, warn=print)
    assert "kubectl describe pod demo-abcde-reader -n lab" in told.value.remedy
    assert on.done[-1] == "deleted demo-abcde-reader"


def test_a_reader_that_cannot_be_deleted_does_not_cost_the_run(tmp_path, asked) -> None:
    said: list[str] = []
    on = Claimed()
    on.refusal = errors.InputError("Deleting pod demo-abcde-reader in lab is not allowed: no")
    root = fetching.fetch(on, "demo", tmp_path, release=True, say=print, warn=said.append)
    assert root.is_dir()
    assert "is not allowed: no" in said[0]
    assert "kubectl delete pod demo-abcde-reader -n lab" in said[0]


def test_a_reader_that_says_nothing_does_not_listen_yet(monkeypatch) -> None:
    here, there = socket.socketpair()

    class Silent:
        @contextlib.contextmanager
        def forward(self, _pod, _port):
            yield here

    monkeypatch.setattr(fetching, "HEALTH_SECONDS", 0.05)
    with here, there:
        assert not fetching._listens(Silent(), "demo-abcde-reader")
        assert there.recv(1 << 12).startswith(b"GET /healthz ")
