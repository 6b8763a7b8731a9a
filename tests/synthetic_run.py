"""A small run directory, made by hand: what the analysis and the CLI are tested on."""

import dataclasses
import json
import pathlib
from typing import Any

import numpy as np
from hdrh.histogram import HdrHistogram
from tickwork_analysis.questions import book_proof

START_UNIX_S = 1_700_000_000
WARM_UP_S = 1
SECONDS = 15
HIGHEST_NS = 1 << 42
HOPS_OF = {
    "normalizer": ("receive", "parse"),
    "book": ("book",),
    "publisher": ("publish",),
    "shm": ("read", "endToEnd"),
    "tcp": ("read", "endToEnd"),
}
CONSUMERS = ("shm", "tcp")
UNITS = ("forwarder", "normalizer", "book", "publisher", *CONSUMERS)
INSTRUMENTS = ("BTCUSDT", "ETHUSDT")


@dataclasses.dataclass(frozen=True)
class Block:
    """One Block to write; ``factor`` scales every hop, ``rows`` is how many LIVE proof rows."""

    index: int = 0
    arm: str = "main"
    factor: int = 1
    rows: int = 100
    wrong: int = 0
    untrue: int = 0


def write_log(path: pathlib.Path, hops: tuple[str, ...], factor: int, seconds: int) -> None:
    """Writes an interval log: in second s every hop holds 100 values near 1000 * factor."""
    with path.open("w", encoding="utf-8") as file:
        file.write(f"#[StartTime: {START_UNIX_S}.000 (seconds since epoch)]\n")
        for second in range(seconds):
            for hop in hops:
                histogram = HdrHistogram(1, HIGHEST_NS, 3)
                for step in range(100):
                    histogram.record_value(factor * (1000 + step + second))
                payload = histogram.encode().decode()
                file.write(f"Tag={hop},{second}.000,1.000,0.001,{payload}\n")


def proof_rows(block: Block) -> tuple[np.ndarray, np.ndarray]:
    """Returns (proof, truth): ``wrong`` digests differ, ``untrue`` rows have no truth."""
    proof = np.zeros(block.rows, book_proof.ROW)
    proof["instrument"] = np.arange(block.rows) % len(INSTRUMENTS)
    proof["state"] = book_proof.LIVE
    proof["update_id"] = 5_000_000_000_000 + np.arange(block.rows)
    proof["digest"] = np.arange(block.rows) * 7919
    proof["bids"] = proof["asks"] = 500
    proof["bid"], proof["ask"] = 6_000_000, 6_000_001
    truth = proof.copy()[block.untrue :]
    proof["digest"][block.rows - block.wrong :] += 1
    return proof, truth[::-1]


def _counters(unit: str, block: Block) -> tuple[dict[str, int], dict[str, Any]]:
    if unit == "book":
        facts = {
            "measuredNs": 10_000,
            "instruments": [{"state": "LIVE", "liveNsMeasured": 9_500} for _ in INSTRUMENTS],
            "resyncMs": [12.5, 30.0, 12.5, 30.0],
        }
        return {"updates": block.rows, "gaps": 4, "resyncs": 4, "openGaps": 0}, facts
    if unit == "forwarder":
        lines = [{"name": "a", "wins": 70, "leadP50Ns": 900, "reconnects": 1}]
        lines.append({"name": "b", "wins": 30, "leadP50Ns": None, "reconnects": 0})
        return {"frames": 200, "framesDropped": 2, "restDropped": 1, "unparsed": 1}, {
            "lines": lines
        }
    if unit == "shm":
        return {"received": 100, "lost": 2, "laps": 1}, {}
    if unit == "twin":
        return {"injectedFaults": 2}, {"faults": [fault(3.0, "BTCUSDT"), fault(8.0, None)]}
    own = {"normalizer": {"unparsed": 1}, "publisher": {"tcpClientsCut": 1}}
    return own.get(unit, {}), {}


def fault(at_s: float, instrument: str | None) -> dict[str, Any]:
    """Returns one injected fault, as a twin tells it."""
    return {
        "kind": "serverShutdown" if instrument is None else "drop",
        "instrument": instrument,
        "atSeconds": at_s,
        "injectedUnixNs": START_UNIX_S * 10**9 + round(at_s * 1e9),
        "events": 4,
        "lines": 2,
    }


def write_series(path: pathlib.Path, unit: str) -> None:
    """Writes a series: BTCUSDT loses step in second 3 for 250 ms, all links fill slowly."""
    lines = []
    for second in range(SECONDS + 1):
        lost = int(second > 3)
        live_ns = second * 10**9 - lost * 250_000_000
        books = {
            symbol: {"state": "LIVE", "liveNs": second * 10**9, "gaps": 0, "resyncs": 0}
            for symbol in INSTRUMENTS
        }
        books[INSTRUMENTS[0]] |= {"liveNs": live_ns, "gaps": lost, "resyncs": lost}
        level = {"pending": 64 * second, "highWater": 256 * second, "capacity": 65536}
        point = {
            "atUnixNs": (START_UNIX_S + second) * 10**9,
            "counters": {unit: {"updates": 10 * second}},
            "links": {"forwarder.frames.inlet": level},
            "books": books if unit == "book" else {},
        }
        lines.append(json.dumps(point))
    path.write_text("\n".join(lines) + '\n{"torn')


def _state(unit: str, block: Block) -> dict[str, Any]:
    counters, facts = _counters(unit, block)
    start_ns = START_UNIX_S * 10**9
    links = {"forwarder.frames.outlet": {"highWater": 4096, "capacity": 65536}}
    return {
        "unit": unit,
        "components": {unit: {"counters": counters, "facts": facts}},
        "links": links if unit == "forwarder" else {},
        "measured": {
            "startUnixNs": start_ns,
            "measureFromUnixNs": start_ns + WARM_UP_S * 10**9,
            "stopUnixNs": start_ns + SECONDS * 10**9,
        },
        "histograms": {hop: {"negative": 0} for hop in HOPS_OF.get(unit, ())},
        "host": {"clockSource": "tsc", "fastClockBoundNs": 20, "build": "release", "cpus": 2},
        "partial": False,
    }


def _write_spec(root: pathlib.Path, group: str, unit: str) -> None:
    folder = root / "units" / group / unit
    folder.mkdir(parents=True, exist_ok=True)
    kind = "consumer" if unit in CONSUMERS else {"twin": "venue_twin"}.get(unit, unit)
    component = {
        "name": unit,
        "component": kind,
        "settings": {"instruments": list(INSTRUMENTS)},
        "inlets": [{"port": "book", "transport": unit}] if unit in CONSUMERS else [],
    }
    spec = {"experiment": "small", "wait": "park", "components": [component]}
    (folder / "unit.json").write_text(json.dumps(spec))


def write_block(root: pathlib.Path, block: Block) -> None:
    """Adds one Block to the run directory ``root``."""
    suffix = "" if block.arm == "main" else f"-{block.arm}"
    proof, truth = proof_rows(block)
    for group, unit in [("venue", "twin"), *(("pipeline", unit) for unit in UNITS)]:
        _write_spec(root, group + suffix, unit)
        folder = root / "blocks" / f"{block.index:03d}-{block.arm}" / (group + suffix) / unit
        folder.mkdir(parents=True)
        (folder / "counters.json").write_text(json.dumps(_state(unit, block)))
        if unit in HOPS_OF:
            slower = 10 if unit == "tcp" else 1
            write_log(folder / "hops.hlog", HOPS_OF[unit], slower * block.factor, SECONDS)
        if unit in {"book", "normalizer"}:
            write_series(folder / "series.ndjson", unit)
        if unit == "book":
            (folder / "proof.bin").write_bytes(proof.tobytes() + b"torn")
        if unit == "twin":
            (folder / "truth.bin").write_bytes(truth.tobytes())


def write_run(
    root: pathlib.Path, blocks: tuple[Block, ...] = (Block(),), **conductor: Any
) -> pathlib.Path:
    """Writes a whole run directory into ``root`` and returns it."""
    root.mkdir(parents=True, exist_ok=True)
    arms = dict.fromkeys(block.arm for block in blocks)
    groups = [{"name": "pipeline", "arm": arm} for arm in sorted(arms)]
    plan = {"experiment": "small", "kind": "pipeline", "groups": groups}
    (root / "plan.json").write_text(json.dumps(plan))
    seen = {"status": "complete", "exitCode": 0, "failures": [], **conductor}
    (root / "conductor.json").write_text(json.dumps(seen))
    for block in blocks:
        write_block(root, block)
    return root
