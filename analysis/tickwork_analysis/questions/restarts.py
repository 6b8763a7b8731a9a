"""Which units died and came back, and when?"""

from tickwork_analysis import read, results


def answer(run: read.Run) -> tuple[results.Restart, ...]:
    """Returns one row a restart that the Conductor saw, in its order."""
    seen = run.conductor
    starts = {block["label"]: block["startUnixNs"] for block in seen.get("blocks", [])}
    return tuple(
        results.Restart(
            unit=each["unit"],
            incarnation=each["incarnation"],
            block=each["label"],
            at_ms=(each["atUnixNs"] - starts[each["label"]]) // 1_000_000,
        )
        for each in seen.get("restarts", [])
        if each["label"] in starts
    )
