"""What one unit costs until it is ready: CPU seconds and anonymous memory, unit by unit.

CPU time swells where other programs share the core's caches and threads, so the cheapest of a few
starts counts, and the budget is that of a quiet machine times how much dearer a known import (two
libraries that every unit needs) is here and now.
"""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile

import grpc
import pytest
from ports import free_port
from tickwork_proto.v1 import control_pb2 as messages
from tickwork_proto.v1 import control_pb2_grpc as service
from tickwork_services.host import environment

from tickwork.unit import unit as units

pytestmark = pytest.mark.system

CPU_SECONDS_MAX = 0.7
REFERENCE = "import grpc, pydantic, os; times = os.times(); print(times.user + times.system)"
REFERENCE_SECONDS = 0.20
ANONYMOUS_BYTES_MAX = 45 << 20
STARTS_MAX = 4
INSTRUMENTS = ["BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT"]
VENUE = {"venue": "binance-usdm", "instruments": INSTRUMENTS}


def pipe(root, port, name):
    return units.LinkEnd(
        port=port,
        link=name,
        transport="shm",
        topology="pipe",
        listener="outlet",
        codec="binary",
        address=str(root / "segments" / name),
        capacity_bytes=1 << 20,
    )


def broadcast(root, transport, port):
    return units.LinkEnd(
        port=port,
        link=f"publisher.{port}",
        transport=transport,
        topology="broadcast",
        listener="outlet",
        codec="binary" if transport == "shm" else "ndjson",
        address=str(root / "segments" / "book")
        if transport == "shm"
        else f"127.0.0.1:{free_port()}",
        capacity_bytes=1 << 22,
        region="top",
    )


def make_spec(name, root):
    """Returns the component of one unit of the pipeline, wired as the planner wires it."""
    if name == "forwarder":
        return units.ComponentSpec(
            name=name,
            component=name,
            settings=VENUE | {"tls": False},
            inlets=(pipe(root, "requests", "book.requests"),),
            outlets=(pipe(root, "frames", "forwarder.frames"),),
            connects={"websocket": "ws://127.0.0.1:9", "rest": "http://127.0.0.1:9"},
        )
    if name == "normalizer":
        return units.ComponentSpec(
            name=name,
            component=name,
            settings=VENUE,
            inlets=(pipe(root, "frames", "forwarder.frames"),),
            outlets=(pipe(root, "records", "normalizer.records"),),
        )
    if name == "book":
        return units.ComponentSpec(
            name=name,
            component=name,
            settings=VENUE,
            inlets=(
                pipe(root, "records", "normalizer.records"),
                pipe(root, "images", "publisher.images"),
            ),
            outlets=(
                pipe(root, "records", "book.records"),
                pipe(root, "requests", "book.requests"),
            ),
        )
    if name == "publisher":
        return units.ComponentSpec(
            name=name,
            component=name,
            settings=VENUE | {"name": "demo"},
            inlets=(pipe(root, "records", "book.records"),),
            outlets=(
                broadcast(root, "shm", "book"),
                broadcast(root, "tcp", "tcp"),
                pipe(root, "images", "publisher.images"),
            ),
        )
    transport = name.removeprefix("consumer-")
    return units.ComponentSpec(
        name=transport,
        component="consumer",
        settings={"instruments": INSTRUMENTS},
        inlets=(broadcast(root, transport, "book"),),
    )


def start_once(name):
    """Starts one unit, opens it, and returns (CPU seconds, anonymous bytes) when it is ready."""
    with tempfile.TemporaryDirectory(prefix="tw-") as folder:
        root = pathlib.Path(folder)
        unit = units.Unit(
            run="run",
            experiment="experiment",
            arm="main",
            group="pipeline",
            name=name,
            control=f"unix:{root}/control",
            metrics=f"127.0.0.1:{free_port()}",
            output_directory=str(root / "out"),
            segment_directory=str(root / "segments"),
            wait="park",
            components=(make_spec(name, root),),
        )
        (root / "unit.json").write_text(unit.model_dump_json(by_alias=True))
        with (root / "log").open("wb") as log:
            child = subprocess.Popen(
                [sys.executable, "-P", "-m", "tickwork_services", root / "unit.json"],
                start_new_session=True,
                stderr=log,
            )
        try:
            with grpc.insecure_channel(unit.control) as channel:
                grpc.channel_ready_future(channel).result(timeout=60)
                control = service.ControlStub(channel)
                state = control.Open(messages.OpenRequest()).state
                assert state == messages.STATE_READY, (root / "log").read_text()
                proc = pathlib.Path("/proc", str(child.pid))
                fields = (proc / "stat").read_text().rpartition(")")[2].split()
                cpu_seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
                memory = environment.parse_rss_anon((proc / "status").read_text())
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(timeout=20)
        assert child.returncode == 0
        return cpu_seconds, memory


def budget_seconds():
    """Returns the CPU seconds that a start may take here and now."""
    told = subprocess.run(
        [sys.executable, "-c", REFERENCE], capture_output=True, text=True, timeout=60, check=True
    )
    return CPU_SECONDS_MAX * max(1.0, float(told.stdout) / REFERENCE_SECONDS)


@pytest.mark.parametrize(
    "name", ["forwarder", "normalizer", "book", "publisher", "consumer-shm", "consumer-tcp"]
)
def test_a_unit_is_ready_within_its_weight(name):
    tried = []
    for _ in range(STARTS_MAX):
        budget = budget_seconds()
        cpu_seconds, memory = start_once(name)
        tried.append(f"{cpu_seconds:.2f} of {budget:.2f} CPU s")
        assert memory <= ANONYMOUS_BYTES_MAX
        if cpu_seconds <= budget:
            break
    print(f"{name}: {tried[-1]}, {memory / 2**20:.1f} MiB anonymous")
    assert cpu_seconds <= budget, f"{name} was never ready in time: {tried}"
