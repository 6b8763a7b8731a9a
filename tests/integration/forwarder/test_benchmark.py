"""The smoke size of the forwarder's benchmark, so that it cannot rot; no time is asserted."""

import json
import pathlib
import subprocess
import sys

BENCHMARK = pathlib.Path(__file__).resolve().parents[3] / "benchmarks" / "forwarder.py"


def test_the_benchmark_runs_and_loses_nothing():
    smoke = ["--rate", "500", "--seconds", "0.2", "--lines", "2"]
    done = subprocess.run(
        [sys.executable, BENCHMARK, *smoke], check=True, capture_output=True, timeout=90
    )
    found = json.loads(done.stdout)
    assert found["read"] == found["sent"] == 200
    assert found["framesDropped"] == 0
