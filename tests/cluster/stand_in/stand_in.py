"""Does what an operator sees of a unit, of the Conductor and of the keeper; measures nothing.

The Experiment's name says what goes wrong: ``oom-…`` and ``dies-…`` are about the unit ``book``.
"""

import http.server
import json
import pathlib
import signal
import sys
import time

RUN = pathlib.Path("/run/tickwork/run")


class Probes(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        return


def stop(*_):
    sys.exit(0)


def unit(path):
    told = json.loads(pathlib.Path(path).read_text())
    print(f"standing in for {told['name']}")
    spoilt = told["name"] == "book"
    if spoilt and told["experiment"].startswith("oom"):
        held = []
        while True:
            held.append(bytearray(b"x" * (8 << 20)))
    if spoilt and told["experiment"].startswith("dies"):
        time.sleep(2)
        print("the book cannot go on: stood in")
        sys.exit(3)
    port = int(told["metrics"].rpartition(":")[2])
    http.server.ThreadingHTTPServer(("0.0.0.0", port), Probes).serve_forever()


def conduct(words):
    plan = json.loads(pathlib.Path(words[words.index("--plan") + 1]).read_text())
    time.sleep(sum(block["durationNs"] for block in plan["blocks"]) / 1e9)
    digest = {
        "status": "complete",
        "exitCode": 0,
        "verdict": "stood in",
        "questions": [{"name": "parse", "arm": "main", "n": 1, "p50Ns": 21400, "p99Ns": 99000}],
        "skewNs": 1000,
        "startUnixNs": time.time_ns(),
    }
    pathlib.Path("/dev/termination-log").write_text(json.dumps(digest))
    (RUN / ".concluded").touch()


def keep(words):
    while not (RUN / ".concluded").exists():
        time.sleep(0.2)
    time.sleep(float(words[words.index("--seconds") + 1]))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    roles = {"conduct": conduct, "keep": keep}
    if sys.argv[1] in roles:
        roles[sys.argv[1]](sys.argv[2:])
    else:
        unit(sys.argv[1])
