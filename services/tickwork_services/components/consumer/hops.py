"""The hops that a consumer ends: publish → read, and receive → read."""

import array
from typing import Any

from tickwork_services.components.consumer import check

_LATENCY_MORE = 0xFFFFFFFF


class Hops:
    """Two native histograms, fed batch by batch; negative values are kept, as clock error."""

    def __init__(self, read: Any, end_to_end: Any) -> None:
        self.read = read
        self.end_to_end = end_to_end

    def take(self, tops: check.Tops, now_ns: int) -> None:
        """Records both hops of all tops, which were read at ``now_ns``.

        A record whose way from receipt to publication did not fit its field has no ``endToEnd``.
        """
        published = check.PUBLISHED_NS
        latency = check.LATENCY_NS
        reads = array.array("q", [now_ns - top[published] for top in tops])
        self.read.record_many(reads)
        ends = [
            now_ns - top[published] + top[latency] for top in tops if top[latency] != _LATENCY_MORE
        ]
        self.end_to_end.record_many(array.array("q", ends))
