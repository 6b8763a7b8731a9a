"""How the Conductor ended, told from its Job and its pod; pure.

Its container decides, not the Job: beside it the keeper serves the results for a while.
"""

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from tickwork.manifest.status import Digest
from tickwork_operator import fates, reasons
from tickwork_operator.fates import Fate
from tickwork_operator.objects import names

Object = Mapping[str, Any]

GOOD = 0
PROOF_UNEQUAL = 3
NOTHING_PROVEN = 4
INTERRUPTED = 130
# The results of these are whole, whatever they say.
_WHOLE = frozenset({GOOD, PROOF_UNEQUAL, NOTHING_PROVEN})
DIGEST_BYTES_MAX = 4096


@dataclasses.dataclass(frozen=True)
class Ending:
    """How the Conductor ended: its exit code, its digest, and whether the results are whole.

    ``fate`` is None for a good run; ``unit`` (``group/unit``) is the one that failed it, or empty.
    """

    exit_code: int
    digest: Mapping[str, Any] | None
    collected: bool
    fate: Fate | None
    unit: str = ""


def of_conductor(job: Object | None, pods: Sequence[Object]) -> Ending | None:
    """Returns how the Conductor ended, or None while it has not.

    Where its pod is gone the Job still knows whether all went well.
    """
    for pod in pods:
        for each in fates.container_statuses(pod.get("status") or {}):
            ended = (each.get("state") or {}).get("terminated")
            if each["name"] == names.CONDUCTOR and ended is not None:
                return _read(ended)
    if not pods and job is not None and fates.condition(job, "Complete") is not None:
        return Ending(GOOD, None, collected=True, fate=None)
    return None


def of_job(job: Object, pods: Sequence[Object]) -> Fate | None:
    """Returns what befell the Job itself: its own deadline, or a pod that vanished."""
    if "deletionTimestamp" in job["metadata"]:
        return Fate(reasons.CHILD_DELETED, "somebody deleted the Conductor's Job", fatal=True)
    failed = fates.condition(job, "Failed") or fates.condition(job, "FailureTarget")
    if failed is None:
        return None
    told = failed.get("message", "")
    if failed.get("reason") == "DeadlineExceeded":
        return Fate(reasons.DEADLINE_EXCEEDED, f"the Conductor's Job: {told}", fatal=True)
    if pods:
        return None
    text = f"the Conductor's pod is gone, nobody knows how it ended: {told}"
    return Fate(reasons.CHILD_DELETED, text, fatal=True)


def is_kept(pods: Sequence[Object]) -> bool:
    """Says whether a keeper serves the results."""
    return any(
        each["name"] == names.KEEPER and "running" in (each.get("state") or {})
        for pod in pods
        for each in fates.container_statuses(pod.get("status") or {})
    )


def _read(ended: Object) -> Ending:
    code = int(ended.get("exitCode", 1))
    text = ended.get("message", "")
    digest = _digest(text)
    collected = code in _WHOLE if digest is None else bool(digest.get("collected", True))
    failure = (digest or {}).get("failure")
    unit = failure.get("unit") if isinstance(failure, dict) else None
    return Ending(code, digest, collected, _fate(ended, code, digest, collected), f"{unit or ''}")


def _digest(text: str) -> Mapping[str, Any] | None:
    """Returns the digest in a termination message; last log lines are none.

    One that the API server would refuse is none either: it must not keep the status from being
    written.
    """
    if len(text.encode()) > DIGEST_BYTES_MAX:
        return None
    try:
        value = json.loads(
            text, parse_constant=_refuse, parse_float=_read_float, parse_int=_read_int
        )
        digest = Digest.model_validate(value)
    except (ValueError, RecursionError):
        return None
    return digest.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def _read_float(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse(text)


def _read_int(text: str) -> int:
    value = int(text)
    if value.bit_length() > 63:
        raise ValueError(f"{text} does not fit 64 bits")
    return value


def _fate(
    ended: Object, code: int, digest: Mapping[str, Any] | None, collected: bool
) -> Fate | None:
    told = _failure(digest)
    verdict = f"{(digest or {}).get('verdict') or ''}"
    if digest is not None and not collected:
        text = told or verdict or "the results could not be written"
        return Fate(reasons.SINK_UNAVAILABLE, text, fatal=True)
    if code == GOOD:
        return None
    if code == PROOF_UNEQUAL:
        text = verdict or "the books are not what the venue's were, or a gap was left open"
        return Fate(reasons.PROOF_UNEQUAL, text, fatal=True)
    if code == NOTHING_PROVEN:
        return Fate(reasons.NOTHING_PROVEN, verdict or "nothing could be proven", fatal=True)
    if ended.get("reason") == "OOMKilled":
        return Fate(reasons.OOM_KILLED, "the Conductor used more memory than its limit", fatal=True)
    if code == INTERRUPTED:
        text = told or "the Conductor was told to end before its time"
        return Fate(reasons.INTERRUPTED, text, fatal=True)
    line = "" if digest is not None else fates.last_line(ended.get("message", ""))
    said = told or (f"its last line: {line}" if line else "it left no message")
    text = f"the Conductor ended with exit code {code}: {said}"
    return Fate(_reason(digest), told or text, fatal=True)


def _failure(digest: Mapping[str, Any] | None) -> str:
    """Returns what the digest says of a failure: the unit, what happened, its last log line."""
    failure = (digest or {}).get("failure")
    if not isinstance(failure, dict):
        return ""
    parts = [f"{failure[key]}" for key in ("unit", "text") if failure.get(key)]
    line = fates.last_line(f"{failure.get('lastLine') or ''}")
    return ": ".join(parts) + (f"; its last line: {line}" if line else "")


def _reason(digest: Mapping[str, Any] | None) -> str:
    failure = (digest or {}).get("failure")
    word = failure.get("reason") if isinstance(failure, dict) else None
    return word if word in reasons.ALL else reasons.COMPONENT_FAILED
