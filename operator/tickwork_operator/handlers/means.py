"""What the parts of the living half share: one of each in a process."""

import dataclasses
from typing import Any

from tickwork_operator import cluster, telemetry
from tickwork_operator.handlers import queue, view
from tickwork_operator.objects.options import Options


@dataclasses.dataclass(frozen=True)
class Means:
    """The client, the view, who waits, what is due, the options, and where to tell of it."""

    api: cluster.Cluster
    view: view.View
    waiting: queue.Queue
    deadlines: queue.Deadlines
    options: Options
    metrics: telemetry.Metrics
    logger: Any
