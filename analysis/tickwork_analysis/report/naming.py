"""Words for what results name: hops, transports, series."""

from tickwork_analysis import read, results
from tickwork_analysis.questions import consumers, hops

HOPS = {
    "receive": "kernel → user",
    "parse": "frame → record",
    "book": "record → book",
    "publish": "book → publication",
    "read": "publication → reader",
    "endToEnd": "receive stamp → reader",
}
"""What each hop spans, from its first stamp to its last."""

HOP_ENDING = "endToEnd"


def first_transport(run: read.Run, arm: str) -> str:
    """Returns the transport of the first consumer of ``arm``: the one without a suffix."""
    for block in run.blocks:
        if block.arm == arm:
            for pair in block.of_kind("consumer"):
                return consumers.transport_of(run, *pair)
    return ""


class Series:
    """Names of series: the transport, the arm, or both, whatever tells them apart."""

    def __init__(self, run: read.Run) -> None:
        self._run = run
        self._first = {arm: first_transport(run, arm) for arm in run.arms}
        per_arm = [
            set(hops.transports(run, [block for block in run.blocks if block.arm == arm]))
            for arm in run.arms
        ]
        self._has_transports = any(len(each) > 1 for each in per_arm)

    def name(self, arm: str, transport: str) -> str:
        """Returns the name of one arm and transport (``""``: the first consumer's)."""
        shown = transport or self._first.get(arm, "")
        if len(self._first) < 2:
            return shown or arm
        return f"{arm} · {shown}" if self._has_transports and shown else arm

    def first(self, arm: str) -> str:
        """Returns the transport of the first consumer of ``arm``."""
        return self._first.get(arm, "")

    def of_hop(self, hop: results.Hop) -> str:
        """Returns the series of a row of the results: the suffix of its name is a transport."""
        return self.name(hop.arm, hop.name.partition(".")[2])

    def names(self) -> list[str]:
        """Returns every name once: by arm, the first consumer's transport first."""
        found = []
        for arm in self._first:
            blocks = [block for block in self._run.blocks if block.arm == arm]
            found += [self.name(arm, each) for each in hops.transports(self._run, blocks)]
        return list(dict.fromkeys(found))


def hop_label(name: str) -> str:
    """Returns a hop's name without its transport, ``end to end`` in words."""
    plain = name.partition(".")[0]
    return "end to end" if plain == HOP_ENDING else plain


def hop_order(hop: results.Hop) -> tuple[int, str]:
    """Sorts hops by the flow, then by transport; arms keep their order."""
    plain, _, transport = hop.name.partition(".")
    return list(hops.ENDS).index(plain), transport
