"""Real captures through ``audit``: the values that were checked by hand, and broken ones."""

import gzip
import json
import os
import pathlib
import struct
from collections.abc import Iterator

import pytest
import tickwork_native
import zstandard
from tickwork_services import audit
from tickwork_services.capture import reading
from tickwork_services.record import frame, layout

from tickwork import errors

SPOT_NAMES = ("btcusdt_20240808.gz", "btcusdt_20240809.gz")


@pytest.fixture(scope="session")
def recordings() -> pathlib.Path:
    """The folder of captures, which are not part of the repository."""
    folder = os.environ.get("TICKWORK_RECORDINGS")
    if not folder:
        pytest.skip("TICKWORK_RECORDINGS is not set: no captures on this machine")
    return pathlib.Path(folder)


@pytest.fixture(scope="session")
def spot(recordings: pathlib.Path) -> list[pathlib.Path]:
    """Two captures that join across midnight."""
    return [recordings / "binance-spot" / name for name in SPOT_NAMES]


@pytest.fixture(scope="session")
def usdm(recordings: pathlib.Path) -> list[pathlib.Path]:
    """One capture of USD-M futures."""
    return [recordings / "binance-usdm" / "btcusdt_20240808.gz"]


def lines_of(captures: list[pathlib.Path]) -> Iterator[bytes]:
    for capture in captures:
        with gzip.open(capture) as stream:
            yield from stream


def without_one_diff(captures: list[pathlib.Path], target: pathlib.Path) -> pathlib.Path:
    """Writes the stream without its thousandth diff."""
    diffs = 0
    with target.open("wb") as plain:
        for line in lines_of(captures):
            diffs += b'"depthUpdate"' in line
            if diffs != 1000 or b'"depthUpdate"' not in line:
                plain.write(line)
    return target


def test_spot_captures_give_the_checked_values(spot: list[pathlib.Path]) -> None:
    found = audit.audit_captures(spot, "binance-spot")
    assert found.exit_code == audit.GOOD
    finding = dict(found.finding)
    books = finding.pop("books")
    assert finding == {
        "messages": 99_574,
        "diffs": 6_495,
        "applied": 6_493,
        "beforeSnapshot": 2,
        "gaps": 0,
        "crossed": 0,
        "tickerCompared": 1_072,
        "tickerEqual": 1_072,
        "tickerUnpaired": 73_174 - 1_072,
        "unparsed": 0,
        "receiveMinusEventMs": {
            "min": pytest.approx(-1_276.67, abs=0.005),
            "max": pytest.approx(-1_249.98, abs=0.005),
        },
    }
    (book,) = books
    assert (book["instrument"], book["state"], book["gapSinceUpdateId"]) == (
        "BTCUSDT",
        "LIVE",
        None,
    )
    assert (book["bid"], book["bidQuantity"]) == ("61602.01", "1.67177")
    assert (book["ask"], book["askQuantity"]) == ("61602.02", "2.66795")
    assert book["levels"] == {"bids": 1_971, "asks": 2_962}


def test_usdm_capture_gives_the_checked_values(usdm: list[pathlib.Path]) -> None:
    found = audit.audit_captures(usdm, "binance-usdm")
    finding = found.finding
    assert found.exit_code == audit.GOOD
    assert (finding["messages"], finding["diffs"], finding["applied"]) == (93_954, 6_551, 6_547)
    assert (finding["beforeSnapshot"], finding["gaps"], finding["crossed"]) == (4, 0, 0)
    assert finding["unparsed"] == 0
    assert finding["receiveMinusEventMs"] == {
        "min": pytest.approx(-1_272.55, abs=0.005),
        "max": pytest.approx(-1_219.43, abs=0.005),
    }
    (book,) = finding["books"]
    assert (book["state"], book["lastUpdateId"]) == ("LIVE", 5_123_135_475_514)
    assert (book["bid"], book["bidQuantity"]) == ("61659.7", "1.486")
    assert (book["ask"], book["askQuantity"]) == ("61659.8", "0.981")
    assert book["levels"] == {"bids": 5_018, "asks": 4_578}


def test_ticker_pairs_reach_1072_on_spot_and_629_on_usdm(
    spot: list[pathlib.Path], usdm: list[pathlib.Path]
) -> None:
    for captures, venue, pairs in ((spot, "binance-spot", 1_072), (usdm, "binance-usdm", 629)):
        finding = audit.audit_captures(captures, venue).finding
        assert (finding["tickerCompared"], finding["tickerEqual"]) == (pairs, pairs)


@pytest.mark.parametrize("venue", ["binance-spot", "binance-usdm"])
def test_one_removed_diff_leaves_one_open_gap(
    venue: str, spot: list[pathlib.Path], usdm: list[pathlib.Path], tmp_path: pathlib.Path
) -> None:
    captures = spot if venue == "binance-spot" else usdm
    holed = without_one_diff(captures, tmp_path / "holed.txt")
    found = audit.audit_captures([holed], venue)
    assert found.exit_code == audit.UNEQUAL
    assert found.finding["gaps"] == 1
    (book,) = found.finding["books"]
    assert book["state"] == "GAP"
    assert book["gapSinceUpdateId"] == book["lastUpdateId"]


def test_nothing_to_compare_is_said(usdm: list[pathlib.Path], tmp_path: pathlib.Path) -> None:
    target = tmp_path / "tickless.zst"
    diffs = b"".join(line for line in lines_of(usdm) if b'"bookTicker"' not in line)
    target.write_bytes(zstandard.compress(diffs))
    found = audit.audit_captures([target], "binance-usdm")
    assert found.exit_code == audit.NOTHING_PROVEN
    assert found.finding["books"][0]["state"] == "LIVE"


def test_every_form_of_line_gives_the_same_finding(
    usdm: list[pathlib.Path], tmp_path: pathlib.Path
) -> None:
    kept = [line for _, line in zip(range(20_000), lines_of(usdm), strict=False)]
    forms = {
        "ns.txt": b"".join(kept),
        "bare.txt": b"".join(line.split(b" ", 1)[1] for line in kept),
        "seconds.txt": b"".join(seconds_form(line) for line in kept),
        "own.zst": zstandard.compress(own_form(kept)),
    }
    findings = []
    for name, text in forms.items():
        (tmp_path / name).write_bytes(text)
        finding = dict(audit.audit_captures([tmp_path / name], "binance-usdm").finding)
        span = finding.pop("receiveMinusEventMs")
        assert (span == {"min": None, "max": None}) == (name == "bare.txt")
        findings.append(finding)
    assert findings[0]["tickerCompared"] > 100
    assert all(finding == findings[0] for finding in findings[1:])


def seconds_form(line: bytes) -> bytes:
    stamp, payload = line.split(b" ", 1)
    return stamp[:-9] + b"." + stamp[-9:] + b": " + payload


def own_form(lines: list[bytes]) -> bytes:
    head = {"venue": "binance-usdm", "instruments": ["BTCUSDT"], "origin": "a test"}
    parts = [json.dumps(head).encode() + b"\n"]
    for line in lines:
        stamp, payload = line.split(b" ", 1)
        kind = b"rest" if b'"lastUpdateId"' in payload else b"text"
        parts.append(b" ".join((stamp, b"3", kind, payload)))
    parts.append(lines[-1].split(b" ", 1)[0] + b" 3 closed\n")
    return b"".join(parts)


def test_a_snapshot_finds_its_instrument_among_several(
    spot: list[pathlib.Path], tmp_path: pathlib.Path
) -> None:
    target = tmp_path / "two.txt"
    with target.open("wb") as plain:
        for _, line in zip(range(30_000), lines_of(spot), strict=False):
            plain.write(line)
            if b'"lastUpdateId"' not in line:
                plain.write(line.replace(b'"BTCUSDT"', b'"ETHUSDT"').replace(b":5009", b":6009"))
            else:
                plain.write(line.replace(b":5009", b":6009"))
    found = audit.audit_captures([target], "binance-spot")
    books = found.finding["books"]
    assert [(book["instrument"], book["state"]) for book in books] == [
        ("BTCUSDT", "LIVE"),
        ("ETHUSDT", "LIVE"),
    ]
    assert books[0]["levels"] == books[1]["levels"]
    assert (found.finding["unparsed"], found.exit_code) == (0, audit.GOOD)


def test_chunks_may_end_anywhere(usdm: list[pathlib.Path]) -> None:
    text = b"".join(line for _, line in zip(range(300), lines_of(usdm), strict=False))
    findings = []
    for size in (len(text), 1, 7, 4096):
        native = tickwork_native.Audit("binance-usdm")
        for at in range(0, len(text), size):
            native.feed(text[at : at + size])
        assert not native.end_capture()
        findings.append(native.finish())
    assert all(finding == findings[0] for finding in findings[1:])


def test_a_capture_cut_in_mid_line_is_refused(
    spot: list[pathlib.Path], tmp_path: pathlib.Path
) -> None:
    text = b"".join(line for _, line in zip(range(50), lines_of(spot), strict=False))
    (tmp_path / "cut.txt").write_bytes(text[:-20])
    with pytest.raises(errors.CaptureError, match="last line is cut off"):
        audit.audit_captures([tmp_path / "cut.txt"], "binance-spot")
    packed = spot[0].read_bytes()
    (tmp_path / "cut.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(errors.CaptureError, match="in the middle of its packing"):
        audit.audit_captures([tmp_path / "cut.gz"], "binance-spot")


def rows_of_audit(captures: list[pathlib.Path], venue: str) -> bytes:
    native = tickwork_native.Audit(venue, keep_rows=True)
    for capture in captures:
        for chunk in reading.read_chunks(capture):
            native.feed(chunk)
    native.finish()
    return native.rows()


def rows_of_stages(
    captures: list[pathlib.Path], venue: str, venue_id: int, target: pathlib.Path
) -> bytes:
    normalizer = tickwork_native.NormalizerKernel(venue, ["BTCUSDT"], 1 << 24)
    book = tickwork_native.BookKernel(
        [("BTCUSDT", venue_id)], 20, stale_after_ns=10**15, proof_path=target
    )
    frames: list[bytes] = []
    for number, line in enumerate(lines_of(captures)):
        payload = line.split(b" ", 1)[1].rstrip()
        is_rest = b'"lastUpdateId"' in payload
        kind = frame.REST if is_rest else frame.TEXT
        instrument = 0 if is_rest else layout.ANY_INSTRUMENT
        whole = frame.Frame(
            payload, venue=venue_id, kind=kind, instrument=instrument, frame_id=number
        )
        frames.append(whole.to_bytes())
        if len(frames) == 512:
            book.process(normalizer.process(b"".join(frames)))
            frames.clear()
    book.process(normalizer.process(b"".join(frames)))
    book.flush()
    assert book.proof_failure is None
    return target.read_bytes()


def ids_and_digests(rows: bytes) -> list[tuple[int, int]]:
    """Update id and digest of every proof row."""
    return [struct.unpack_from("<QQ", rows, at + 16) for at in range(0, len(rows), 64)]


@pytest.mark.parametrize(("venue", "venue_id"), [("binance-spot", 1), ("binance-usdm", 2)])
def test_audit_and_pipeline_agree(
    venue: str,
    venue_id: int,
    spot: list[pathlib.Path],
    usdm: list[pathlib.Path],
    tmp_path: pathlib.Path,
) -> None:
    captures = spot if venue == "binance-spot" else usdm
    of_audit = ids_and_digests(rows_of_audit(captures, venue))
    of_stages = ids_and_digests(rows_of_stages(captures, venue, venue_id, tmp_path / "proof.bin"))
    assert len(of_audit) == {"binance-spot": 6_493, "binance-usdm": 6_547}[venue]
    assert of_audit == of_stages
