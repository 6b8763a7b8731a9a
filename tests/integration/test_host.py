"""The host as a real process, driven over real gRPC by the way a Conductor does it."""

import contextlib
import hashlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

import grpc
import pytest
from ports import free_port
from tickwork_proto.v1 import control_pb2 as messages
from tickwork_proto.v1 import control_pb2_grpc as service

from tickwork import clock
from tickwork.unit import unit as units

PROGRAM = pathlib.Path(__file__).with_name("idle_unit.py")


class Process:
    """One unit's process with its Control stub."""

    def __init__(self, root, settings=None, arguments=(), **changes):
        self.root = root
        self.port = free_port()
        self.unit = units.Unit(
            run="run",
            experiment="experiment",
            arm="main",
            group="group",
            name="idle",
            control=f"unix:{root}/control",
            metrics=f"127.0.0.1:{self.port}",
            output_directory=str(root / "out"),
            segment_directory=str(root / "segments"),
            wait="park",
            components=(
                units.ComponentSpec(name="idle", component="idle", settings=settings or {}),
            ),
            **changes,
        )
        path = root / "unit.json"
        path.write_text(self.unit.model_dump_json(by_alias=True))
        self.read_end, self.write_end = os.pipe()
        self.log = (root / "log.jsonl").open("ab")
        self.child = subprocess.Popen(
            [sys.executable, PROGRAM, path, "--parent-pipe", str(self.read_end), *arguments],
            pass_fds=[self.read_end],
            start_new_session=True,
            stderr=self.log,
        )
        os.close(self.read_end)
        self.channel = grpc.insecure_channel(self.unit.control)
        self.control = service.ControlStub(self.channel)

    def wait_control(self):
        grpc.channel_ready_future(self.channel).result(timeout=30)
        return self

    def start(self, label="000-main"):
        now_unix_ns = clock.now_unix_ns() + 20_000_000
        return self.control.Start(
            messages.StartRequest(
                arm="main",
                label=label,
                start_unix_ns=now_unix_ns,
                measure_from_unix_ns=now_unix_ns,
            )
        )

    def counters(self, label="000-main"):
        return json.loads((self.root / "out" / label / "counters.json").read_text())

    def page(self, name):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{name}", timeout=5) as answer:
            return answer.read().decode()

    def log_lines(self):
        return [json.loads(line) for line in (self.root / "log.jsonl").read_text().splitlines()]

    def close(self):
        self.channel.close()
        with contextlib.suppress(OSError):
            os.close(self.write_end)
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait(timeout=10)
        self.log.close()


@pytest.fixture
def run():
    made = []
    with tempfile.TemporaryDirectory(prefix="tw-") as short:

        def start(*arguments, **settings):
            root = pathlib.Path(short, str(len(made)))
            root.mkdir()
            made.append(Process(root, *arguments, **settings))
            return made[-1].wait_control()

        yield start
        for process in made:
            process.close()


def test_a_unit_walks_through_its_whole_life(run):
    unit = run(settings={"undrained": 3})
    assert unit.control.Describe(messages.DescribeRequest()).state == messages.STATE_NEW
    assert unit.control.Open(messages.OpenRequest()).state == messages.STATE_READY
    assert unit.control.Open(messages.OpenRequest()).state == messages.STATE_READY
    with pytest.raises(urllib.error.HTTPError):
        unit.page("readyz")
    first = unit.start()
    assert first.state == messages.STATE_RUNNING
    assert first.lateness_ns >= 0
    assert first.clock_bound_ns > 0
    assert unit.start() == first
    assert unit.page("readyz") == unit.page("healthz") == "ok\n"
    assert 'tickwork_idle_turned_total{arm="main",component="idle"' in unit.page("metrics")
    stopped = unit.control.Stop(messages.StopRequest(drain_ms=10))
    assert (stopped.state, stopped.undrained) == (messages.STATE_READY, 3)
    assert unit.start("001-main").state == messages.STATE_RUNNING
    final = unit.control.Stop(messages.StopRequest(final=True))
    assert final.state == messages.STATE_TERMINATED
    assert unit.child.wait(timeout=10) == 0
    blocks = [unit.counters("000-main"), unit.counters("001-main")]
    assert [block["partial"] for block in blocks] == [False, False]
    absolute = [block["components"]["idle"]["absolute"]["turned"] for block in blocks]
    gained = [block["components"]["idle"]["counters"]["turned"] for block in blocks]
    assert absolute[1] == sum(gained)
    assert blocks[0]["components"]["idle"]["facts"] == {"idle": True}
    assert blocks[0]["process"]["rssAnonBytes"] > 0


def test_stop_before_start_is_legal(run):
    unit = run()
    assert unit.control.Stop(messages.StopRequest()).state == messages.STATE_NEW
    unit.control.Open(messages.OpenRequest())
    assert unit.control.Stop(messages.StopRequest()).state == messages.STATE_READY
    stopped = unit.control.Stop(messages.StopRequest(final=True))
    assert stopped.state == messages.STATE_TERMINATED
    assert unit.child.wait(timeout=10) == 0


def test_a_stop_reaches_a_unit_that_waits_for_its_start_instant(run):
    unit = run()
    unit.control.Open(messages.OpenRequest())
    far_unix_ns = clock.now_unix_ns() + 3_600_000_000_000
    request = messages.StartRequest(arm="main", label="000-main", start_unix_ns=far_unix_ns)
    waiting = unit.control.Start.future(request)
    while unit.control.Describe(messages.DescribeRequest()).state != messages.STATE_RUNNING:
        clock.sleep(5_000_000)
    assert unit.control.Stop(messages.StopRequest()).state == messages.STATE_READY
    with pytest.raises(grpc.RpcError) as refused:
        waiting.result(timeout=10)
    assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION


def test_collect_sends_everything_and_resumes(run):
    unit = run()
    unit.control.Open(messages.OpenRequest())
    unit.start()
    with pytest.raises(grpc.RpcError) as early:
        list(unit.control.Collect(messages.CollectRequest(label="000-main")))
    assert early.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    interim = list(unit.control.Collect(messages.CollectRequest(label="000-main", interim=True)))
    paths = {chunk.path for chunk in interim}
    # The course of the run is written once a second: it may be there already.
    assert paths - {"000-main/series.ndjson"} == {"000-main/counters.json", "000-main/idle.bin"}
    unit.control.Stop(messages.StopRequest())
    chunks = list(unit.control.Collect(messages.CollectRequest(label="000-main")))
    data = [chunk for chunk in chunks if chunk.path == "000-main/idle.bin"]
    whole = b"".join(chunk.data for chunk in data)
    assert whole == b"\x07" * (3 << 20)
    assert max(len(chunk.data) for chunk in data) <= 1 << 20
    assert data[-1].last
    assert data[-1].sha256 == hashlib.sha256(whole).hexdigest()
    resumed = list(
        unit.control.Collect(
            messages.CollectRequest(label="000-main", path="000-main/idle.bin", offset=1_500_000)
        )
    )
    rest = [chunk for chunk in resumed if chunk.path == "000-main/idle.bin"]
    assert b"".join(chunk.data for chunk in rest) == whole[1_500_000:]
    assert rest[-1].sha256 == data[-1].sha256


@pytest.mark.parametrize("label", ["../..", "000-main/../..", "/etc", "000-main/.."])
def test_collect_never_leaves_the_output_directory(run, label):
    unit = run()
    with pytest.raises(grpc.RpcError) as refused:
        list(unit.control.Collect(messages.CollectRequest(label=label)))
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize(
    "nonsense",
    [
        {"label": "../../elsewhere"},
        {"label": "/tmp/elsewhere"},
        {"label": ""},
        {"start_unix_ns": -1},
        {"measure_from_unix_ns": -(2**63)},
        {"start_unix_ns": 2**62, "stop_unix_ns": 5},
    ],
    ids=str,
)
def test_a_start_that_cannot_be_meant_is_refused_and_harms_nothing(run, nonsense):
    unit = run()
    unit.control.Open(messages.OpenRequest())
    with pytest.raises(grpc.RpcError) as refused:
        unit.control.Start(messages.StartRequest(**{"arm": "main", "label": "000-main"} | nonsense))
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert not list(unit.root.glob("**/counters.json"))
    assert unit.control.Describe(messages.DescribeRequest()).state == messages.STATE_READY
    assert unit.start().state == messages.STATE_RUNNING


def test_sigterm_is_a_final_stop(run):
    unit = run()
    unit.control.Open(messages.OpenRequest())
    unit.start()
    unit.child.send_signal(signal.SIGINT)
    assert unit.control.Describe(messages.DescribeRequest()).state == messages.STATE_RUNNING
    unit.child.send_signal(signal.SIGTERM)
    assert unit.child.wait(timeout=10) == 0
    assert unit.counters()["partial"] is False


def test_a_unit_ends_with_its_parent(run):
    unit = run()
    unit.control.Open(messages.OpenRequest())
    unit.start()
    os.close(unit.write_end)
    assert unit.child.wait(timeout=10) == 0


def test_what_a_killed_unit_left_is_partial_and_survives_its_successor(run):
    unit = run()
    unit.control.Open(messages.OpenRequest())
    unit.start()
    unit.child.kill()
    unit.child.wait(timeout=10)
    assert unit.counters()["partial"] is True
    again = Process(unit.root, arguments=("--incarnation", "2")).wait_control()
    try:
        again.control.Open(messages.OpenRequest())
        again.start()
        assert again.control.Describe(messages.DescribeRequest()).incarnation == 2
        earlier = unit.root / "out" / "000-main" / "incarnation-1" / "counters.json"
        assert json.loads(earlier.read_text())["partial"] is True
    finally:
        again.close()


@pytest.mark.parametrize("where", ["open", "turn"])
def test_an_exception_fails_the_unit_and_ends_it_with_its_reason(run, where):
    unit = run(settings={"breakAt": where})
    progress = unit.control.Watch(messages.WatchRequest(interval_ms=50))
    assert next(progress).state == messages.STATE_NEW
    if where == "open":
        with pytest.raises(grpc.RpcError, match="told to break at open"):
            unit.control.Open(messages.OpenRequest())
    else:
        unit.control.Open(messages.OpenRequest())
        unit.start()
    last = list(progress)[-1]
    assert last.state == messages.STATE_FAILED
    assert "told to break" in last.failure.text
    assert last.failure.last_log_lines
    assert unit.child.wait(timeout=10) == 1
    assert unit.log_lines()[-1]["event"] == "failed"


def test_a_provider_starts_by_itself(run):
    unit = run(auto_start=True)
    for progress in unit.control.Watch(messages.WatchRequest(interval_ms=50)):
        if progress.counters.get("idle.turned", 0) > 0:
            break
    assert unit.control.Describe(messages.DescribeRequest()).state == messages.STATE_RUNNING


def test_a_wrong_unit_file_is_refused_with_its_reason(tmp_path):
    path = tmp_path / "unit.json"
    path.write_text('{"run": 1}')
    ended = subprocess.run(
        [sys.executable, PROGRAM, path], capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode == 2
    assert "Reading the unit" in json.loads(ended.stderr.splitlines()[-1])["text"]


@pytest.mark.parametrize("taken", ["control", "metrics"])
def test_a_taken_port_is_refused_with_its_address(tmp_path, taken):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        address = f"127.0.0.1:{holder.getsockname()[1]}"
        ports = {"control": "127.0.0.1:0", "metrics": "127.0.0.1:0", taken: address}
        unit = units.Unit(
            run="run",
            experiment="experiment",
            arm="main",
            group="group",
            name="idle",
            output_directory=str(tmp_path / "out"),
            segment_directory=str(tmp_path / "segments"),
            wait="park",
            components=(units.ComponentSpec(name="idle", component="idle", settings={}),),
            **ports,
        )
        path = tmp_path / "unit.json"
        path.write_text(unit.model_dump_json(by_alias=True))
        ended = subprocess.run(
            [sys.executable, PROGRAM, path], capture_output=True, text=True, timeout=30, check=False
        )
    assert ended.returncode == 5
    # Kubernetes shows the last line: nothing may come after the sentence.
    said = json.loads(ended.stderr.splitlines()[-1])["text"]
    assert f"cannot listen on {address}: the address is in use" in said
