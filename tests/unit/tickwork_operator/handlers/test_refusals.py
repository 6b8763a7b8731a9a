"""What the API refused, in the words of the status."""

import pytest
from tickwork_operator.handlers import refusals

from tickwork import errors


@pytest.mark.parametrize(
    ("status", "reason", "detail", "expected"),
    [
        (403, "Forbidden", 'pods "a" is forbidden: exceeded quota: small', "QuotaExceeded"),
        (403, "Forbidden", "User x cannot create resource pods", "Forbidden"),
        (403, "NamespaceTerminating", "because it is being terminated", "NamespaceTerminating"),
        (422, "Invalid", "data: Too long: may not be more than 1048576 bytes", "TooLarge"),
        (413, "RequestEntityTooLarge", "limit is 3145728", "TooLarge"),
        (422, "Invalid", "spec.containers: Required value", "Invalid"),
        (400, "BadRequest", "cannot be handled", "Invalid"),
        (0, "Unreachable", "refused", None),
        (500, "InternalError", "etcd", None),
        (429, "TooManyRequests", "slow down", None),
        (409, "Conflict", "try again", None),
    ],
)
def test_reasons(status, reason, detail, expected):
    error = errors.ClusterError("POST", status, reason, detail)
    found = refusals.refusal(("Pod", "a"), error, 5)
    assert (None if found is None else found.reason) == expected
    if found is not None:
        assert (found.kind, found.name, found.message, found.at_unix_ns) == ("Pod", "a", detail, 5)


def test_name_that_is_taken_says_by_whom_and_what_to_do():
    found = {"metadata": {"name": "a", "namespace": "n", "ownerReferences": []}}
    error = refusals.taken({"kind": "Pod"}, found)
    assert refusals.refusal(("Pod", "a"), error, 1).reason == "NameTaken"
    assert "belongs to nobody; delete it" in error.detail


def test_warning_event_is_a_refusal_of_what_it_is_about():
    about = {"kind": "Job", "name": "j", "uid": "u"}
    made = refusals.warning({"involvedObject": about, "reason": "FailedCreate"}, 7)
    assert (made.kind, made.name, made.reason, made.at_unix_ns) == ("Job", "j", "FailedCreate", 7)


def test_instants_go_there_and_back():
    assert refusals.unix_ns(refusals.utc(1_700_000_000_000_000_000)) == 1_700_000_000_000_000_000
