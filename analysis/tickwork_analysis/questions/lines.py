"""Which line of a merged stream came first, and by how much?"""

from tickwork_analysis import percentiles, read, results


def answer(run: read.Run) -> tuple[results.Line, ...]:
    """Returns one row a line, over all Blocks; the lead is the median of the Blocks' medians."""
    found: dict[str, list[dict[str, int | None]]] = {}
    for block in run.blocks:
        for _, forwarder in block.of_kind("forwarder"):
            for line in forwarder.facts.get("lines", []):
                found.setdefault(str(line["name"]), []).append(line)
    return tuple(_row(name, lines) for name, lines in sorted(found.items()))


def _row(name: str, lines: list[dict[str, int | None]]) -> results.Line:
    leads = [lead for line in lines if (lead := line.get("leadP50Ns")) is not None]
    return results.Line(
        name=name,
        wins=sum(line.get("wins") or 0 for line in lines),
        lead_p50_ns=percentiles.nearest(leads, 0.5),
        reconnects=sum(line.get("reconnects") or 0 for line in lines),
    )
