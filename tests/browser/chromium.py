"""Drives an installed Chromium over the DevTools protocol; nothing is downloaded."""

import base64
import contextlib
import dataclasses
import itertools
import json
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from websockets.sync import client

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
START_S = 60.0
ANSWER_S = 60.0
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
LISTENS = re.compile(r"DevTools listening on (ws://\S+)\n")


def find() -> str | None:
    """Returns the path of an installed Chromium, or None."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@dataclasses.dataclass
class Tab:
    """One tab; ``events`` holds everything that it reported, by name."""

    socket: client.ClientConnection
    session: str
    numbers: Iterator[int]
    events: list[tuple[str, dict[str, Any]]] = dataclasses.field(default_factory=list)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Calls one method and returns its answer; events that come before it are kept."""
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters}
        self.socket.send(
            json.dumps(message | ({"sessionId": self.session} if self.session else {}))
        )
        end = time.monotonic() + ANSWER_S
        while time.monotonic() < end:
            answer = json.loads(self.socket.recv(timeout=ANSWER_S))
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])
            if "method" in answer:
                self.events.append((answer["method"], answer["params"]))
        raise TimeoutError(method)

    def evaluate(self, expression: str) -> Any:
        """Returns the value of a JavaScript expression; a promise is awaited."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:2000])
        return answer["result"].get("value")

    def show(self, scheme: str, width: int, height: int = 900, media: str = "screen") -> None:
        """Sets the colour scheme (light, dark), the size, and screen or print."""
        self.call(
            "Emulation.setEmulatedMedia",
            media=media,
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def open(self, path: pathlib.Path) -> None:
        """Opens a file and waits until its figures are live, or there are none."""
        self.call("Page.navigate", url=path.as_uri())
        self.until("document.readyState === 'complete'")
        self.until(
            "!document.querySelector('.drawing') || "
            "document.documentElement.dataset.figures === 'live'"
        )

    def until(self, condition: str) -> None:
        """Waits until a JavaScript condition holds."""
        end = time.monotonic() + ANSWER_S
        while not self.evaluate(f"Boolean({condition})"):
            if time.monotonic() > end:
                raise TimeoutError(condition)
            time.sleep(0.1)

    def picture(self) -> bytes:
        """Returns the whole page as PNG."""
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return base64.b64decode(answer["data"])

    def print(self) -> bytes:
        """Returns the page as PDF, on A4 as its style sheet says."""
        self.call("Emulation.setEmulatedMedia", media="", features=[])
        self.call("Emulation.clearDeviceMetricsOverride")
        answer = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        return base64.b64decode(answer["data"])


def count_pages(pdf: bytes) -> int:
    """Returns how many pages a PDF of Chromium has."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


@contextlib.contextmanager
def running(path: str) -> Iterator[Tab]:
    """Starts Chromium with an empty profile and yields one tab; ends it again."""
    # Processes of its own may outlive the first one by a moment, and write.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        log = pathlib.Path(folder, "log.txt")
        with log.open("wb") as file:
            process = subprocess.Popen(
                [path, *FLAGS, f"--user-data-dir={folder}/profile", "about:blank"],
                stdout=subprocess.DEVNULL,
                stderr=file,
            )
        try:
            with client.connect(_address(log, process), max_size=None) as socket:
                yield _attach(socket)
        finally:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            if process.poll() is None:
                process.kill()
                process.wait()


def _address(log: pathlib.Path, process: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        found = LISTENS.search(log.read_text(errors="replace"))
        if found:
            return found.group(1)
        time.sleep(0.1)
    raise RuntimeError(f"Chromium did not start: {log.read_text(errors='replace')[-2000:]}")


def _attach(socket: client.ClientConnection) -> Tab:
    numbers = itertools.count(1)
    browser = Tab(socket, "", numbers)
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    tab = Tab(socket, session, numbers)
    for domain in ("Page", "Runtime", "Log", "Network"):
        tab.call(f"{domain}.enable")
    return tab
