"""Runs two Experiments on the cluster of KUBECONFIG and keeps what plain kubectl shows of them.

``kubectl-get.svg`` under docs/pictures: one look in mid-run, one at the end. The chart must be
installed in the namespace that is given; both Experiments are removed afterwards.
"""

import json
import subprocess
import sys

import rich.text
import terminal

from tickwork import clock

EXPERIMENTS = ("demo", "demo-corrupted")
LOOK = "kubectl get exp -o wide"
PAUSE_NS = 500_000_000
RUN_SECONDS_MAX = 180
MID_RUN_PERCENT = 30


def kubectl(namespace: str, *words: str) -> str:
    """Returns what kubectl says; raises CalledProcessError where it fails."""
    done = subprocess.run(
        ["kubectl", "-n", namespace, *words], check=True, text=True, capture_output=True
    )
    return done.stdout


def look(namespace: str) -> rich.text.Text:
    return rich.text.Text(kubectl(namespace, *LOOK.split()[1:]))


def wait(namespace: str, name: str, percent: int) -> None:
    """Returns when the run of ``name`` came as far as ``percent``; 100 is its end."""
    for _ in range(RUN_SECONDS_MAX * 1_000_000_000 // PAUSE_NS):
        status = json.loads(kubectl(namespace, "get", "exp", name, "-o", "json")).get("status", {})
        over = status.get("phase") in {"Complete", "Failed"}
        if over or (percent < 100 and status.get("progress", {}).get("percent", 0) >= percent):
            return
        clock.sleep(PAUSE_NS)
    sys.exit(f"{name} did not come to {percent} % within {RUN_SECONDS_MAX} s")


def main(namespace: str) -> int:
    """Writes the picture."""
    right, wrong = EXPERIMENTS
    try:
        kubectl(namespace, "apply", "-f", f"experiments/pipeline/{right}.yaml")
        wait(namespace, right, 100)
        kubectl(namespace, "apply", "-f", f"experiments/pipeline/{wrong}.yaml")
        wait(namespace, wrong, MID_RUN_PERCENT)
        running = look(namespace)
        wait(namespace, wrong, 100)
        terminal.draw("kubectl-get.svg", LOOK, running, LOOK, look(namespace))
    finally:
        kubectl(namespace, "delete", "exp", "--ignore-not-found", *EXPERIMENTS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "tickwork"))
