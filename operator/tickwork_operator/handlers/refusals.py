"""Turns what the API refused into what decisions observe. Pure."""

import datetime
from typing import Any

from tickwork import errors
from tickwork_operator import decide

Object = dict[str, Any]

NAME_TAKEN = "NameTaken"


def refusal(
    key: tuple[str, str], error: errors.ClusterError, now_unix_ns: int
) -> decide.Refusal | None:
    """Returns what was refused; None where nothing was: the API was busy, away, or unsure."""
    reason = _reason(error)
    if reason is None:
        return None
    return decide.Refusal(key[0], key[1], reason, error.detail, now_unix_ns)


def _reason(error: errors.ClusterError) -> str | None:
    if error.reason in {NAME_TAKEN, "NamespaceTerminating"}:
        return error.reason
    if error.status == 403:
        return "QuotaExceeded" if "exceeded quota" in error.detail else "Forbidden"
    if error.status == 413 or (error.status == 422 and "Too long" in error.detail):
        return "TooLarge"
    return "Invalid" if error.status in {400, 422} else None


def tells_gone(error: errors.ClusterError) -> bool:
    """Says whether an apply was refused since the object is gone, or another has its name.

    A server that does not know the path yet, or had others writing, says 404 and 409 as well.
    """
    if error.status == 404:
        return error.reason == "NotFound"
    return error.status == 409 and "uid" in error.detail.lower()


def taken(wanted: Object, found: Object) -> errors.ClusterError:
    """Returns the error for a name that something else has."""
    metadata = found["metadata"]
    owners = [f"{each['kind']} {each['name']}" for each in metadata.get("ownerReferences", ())]
    return errors.ClusterError(
        f"Making {wanted['kind']} {metadata['namespace']}/{metadata['name']}",
        409,
        NAME_TAKEN,
        f"{wanted['kind']} {metadata['name']} exists and belongs to "
        f"{', '.join(owners) or 'nobody'}; delete it, or name the Experiment otherwise",
    )


def warning(body: Object, now_unix_ns: int) -> decide.Refusal:
    """Returns the Warning Event ``body`` as what was refused to the object it is about."""
    about = body["involvedObject"]
    return decide.Refusal(
        about["kind"], about["name"], body.get("reason", ""), body.get("message", ""), now_unix_ns
    )


def utc(unix_ns: int) -> str:
    """Returns ``unix_ns`` as the API writes an instant, to the second."""
    at = datetime.datetime.fromtimestamp(unix_ns // 1_000_000_000, tz=datetime.UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def unix_ns(text: str) -> int:
    """Returns the instant that the API wrote as ``text``, in Unix nanoseconds."""
    return round(datetime.datetime.fromisoformat(text).timestamp()) * 1_000_000_000
