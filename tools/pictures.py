"""Runs the demo and keeps what a person sees of it under docs/pictures, for the README.

``demo.svg`` is what the terminal showed, ``watch.svg`` one look of ``tickwork watch`` in mid-run,
``report.png`` the head of the report in an installed Chromium. All are of the one real run.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import rich.text
import terminal
import tickwork_native
from tickwork_cli import inspect, looking, watch

from tickwork import clock

ROOT = pathlib.Path(__file__).resolve().parents[1]
TICKWORK = pathlib.Path(sys.executable).parent / "tickwork"
WATCHED_AFTER_NS = 13_000_000_000
LOOKS = 8
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
REPORT_SIZE = (1100, 1240)


def run_demo() -> tuple[int, str, watch.Screen]:
    """Returns the demo's exit code, what it printed with its colours, and a look in mid-run."""
    environment = dict(os.environ) | {"FORCE_COLOR": "1", "COLUMNS": str(terminal.COLUMNS)}
    with tempfile.TemporaryFile("w+") as shown:
        with subprocess.Popen(
            [str(TICKWORK), "run", "experiments/pipeline/demo.yaml"],
            cwd=ROOT,
            env=environment,
            stdout=shown,
        ) as demo:
            screen = look_in_mid_run()
            code = demo.wait()
        shown.seek(0)
        return code, shown.read().replace(str(ROOT) + "/", ""), screen


def look_in_mid_run() -> watch.Screen:
    """Returns what ``tickwork watch demo`` shows after a second of looking."""
    clock.sleep(WATCHED_AFTER_NS)
    watcher = looking.Watcher(tickwork_native, inspect.find("demo"))
    try:
        for _ in range(LOOKS):
            look = watcher.look()
            clock.sleep(watch.LOOK_NS)
        return watch.Screen(look, [])
    finally:
        watcher.close()


def draw_report(report: pathlib.Path) -> None:
    """Writes the head of ``report``; says so where no browser is installed."""
    browser = next((found for each in BROWSERS if (found := shutil.which(each))), None)
    if browser is None:
        print(f"no browser ({', '.join(BROWSERS)}): report.png stays as it is")
        return
    width, height = REPORT_SIZE
    command = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--blink-settings=preferredColorScheme=1",
        f"--window-size={width},{height}",
        "--virtual-time-budget=8000",
        f"--screenshot={terminal.PICTURES / 'report.png'}",
        report.as_uri(),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def main() -> int:
    """Writes the pictures; returns the exit code of the run."""
    terminal.PICTURES.mkdir(parents=True, exist_ok=True)
    code, shown, screen = run_demo()
    terminal.draw("demo.svg", "make demo", rich.text.Text.from_ansi(shown))
    terminal.draw("watch.svg", "tickwork watch demo", screen)
    draw_report((ROOT / "runs/latest/report.html").resolve())
    print(f"{terminal.PICTURES.relative_to(ROOT)}: exit code {code}")
    return code


if __name__ == "__main__":
    sys.exit(main())
