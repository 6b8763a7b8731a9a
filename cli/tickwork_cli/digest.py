"""What remains of a run when its pod is gone: a few hundred bytes, as the termination message."""

import json
from typing import Any

from tickwork import errors
from tickwork.conductor.outcome import Failure, Outcome

DIGEST_BYTES_MAX = 4000
TEXT_CHARACTERS_MAX = 600
# Five texts of so many characters fit, whatever they are written in.
TEXT_CHARACTERS_MIN = 100
WHOLE_WAY = "endToEnd"


def of_results(results: Any, exit_code: int) -> dict[str, Any]:
    """Returns the digest of a run that was analysed (``tickwork_analysis.results.Results``)."""
    book = results.book
    return {
        "status": results.status,
        "exitCode": exit_code,
        "verdict": cut(results.verdict),
        "collected": True,
        "book": {
            "compared": book.compared,
            "equal": book.equal,
            "tickerCompared": book.ticker_compared,
            "tickerEqual": book.ticker_equal,
            "liveShare": book.live_share,
            "gaps": book.gaps,
            "openGaps": book.open_gaps,
        },
        "questions": [
            {
                "name": hop.name,
                "arm": hop.arm,
                "n": hop.n,
                "p50Ns": hop.p50_ns,
                "p50LowNs": hop.p50_low_ns,
                "p50HighNs": hop.p50_high_ns,
                "p99Ns": hop.p99_ns,
            }
            for hop in sorted(results.hops, key=_is_a_part)
        ],
    }


def _is_a_part(hop: Any) -> bool:
    """Sorts the whole way before its parts: what stands first is what a list shows."""
    return not hop.name.startswith(WHOLE_WAY)


def of_outcome(outcome: Outcome, why: str) -> dict[str, Any]:
    """Returns the digest of a run of which nothing could be analysed."""
    return {
        "status": outcome.status,
        "exitCode": outcome.exit_code,
        "verdict": cut(outcome.failures[0].text if outcome.failures else why),
        "collected": True,
    }


def of_error(error: BaseException, *, collected: bool) -> dict[str, Any]:
    """Returns the digest of a run that an error ended; ``collected``: its data is all here."""
    known = isinstance(error, errors.TickworkError)
    return {
        "status": "failed",
        "exitCode": error.exit_code if isinstance(error, errors.TickworkError) else 1,
        "verdict": cut(str(error) if known else f"{type(error).__name__}: {error}"),
        "collected": collected,
    }


def failure(said: Failure) -> dict[str, str]:
    """Returns which unit failed, by which error, and its last words."""
    return {
        "unit": said.unit,
        "error": said.error,
        "text": cut(said.text),
        "lastLine": cut(said.last_lines[-1]) if said.last_lines else "",
    }


def start(journal: dict[str, Any]) -> dict[str, Any]:
    """Returns the first start instant and the largest skew of ``conductor.json``."""
    blocks = journal.get("blocks", [])
    skews = [each["skewNs"] for each in blocks if each.get("skewNs") is not None]
    return {
        "startUnixNs": blocks[0]["startUnixNs"] if blocks else None,
        "skewNs": max(skews, default=None),
    }


def to_json(digest: dict[str, Any]) -> str:
    """Returns the digest within 4,000 bytes of UTF-8, always a whole JSON object.

    Questions that do not fit are left out and counted, then texts are cut shorter.
    """
    kept = dict(digest)
    characters = TEXT_CHARACTERS_MAX
    while len(text := _encode(kept)) > DIGEST_BYTES_MAX:
        if kept.get("questions"):
            kept["questions"] = kept["questions"][:-1]
            kept["questionsLeftOut"] = len(digest["questions"]) - len(kept["questions"])
        elif characters > TEXT_CHARACTERS_MIN:
            characters //= 2
            kept = _shorten(kept, characters)
        else:
            text = _encode({key: kept[key] for key in ("status", "exitCode", "collected")})
            break
    return text.decode()


def _encode(digest: dict[str, Any]) -> bytes:
    """Returns the digest as JSON; what is no text in UTF-8 becomes a question mark."""
    text = json.dumps(digest, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def _shorten(digest: dict[str, Any], characters: int) -> dict[str, Any]:
    """Returns the digest with its texts, also those of the failure, cut."""
    made: dict[str, Any] = {}
    for key, value in digest.items():
        if isinstance(value, dict):
            made[key] = _shorten(value, characters)
        else:
            made[key] = cut(value, characters) if isinstance(value, str) else value
    return made


def cut(text: str, characters: int = TEXT_CHARACTERS_MAX) -> str:
    """Returns ``text`` within ``characters``."""
    return text if len(text) <= characters else text[: characters - 1] + "…"
