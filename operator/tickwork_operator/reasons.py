"""The fixed words that say why a run is not where it should be; people and programs match them.

Each stands for one thing to do about it: ``docs/reference/reasons.md`` says which.
"""

IMAGE_PULL_FAILED = "ImagePullFailed"
OOM_KILLED = "OOMKilled"
EVICTED = "Evicted"
QUOTA_EXCEEDED = "QuotaExceeded"
UNSCHEDULABLE = "Unschedulable"
DEADLINE_EXCEEDED = "DeadlineExceeded"
NODE_LOST = "NodeLost"
SINK_UNAVAILABLE = "SinkUnavailable"
INVALID_SPEC = "InvalidSpec"
COMPONENT_FAILED = "ComponentFailed"
PROOF_UNEQUAL = "ProofUnequal"
NOTHING_PROVEN = "NothingProven"
CHILD_DELETED = "ChildDeleted"
NAME_TAKEN = "NameTaken"
REFUSED = "Refused"
INTERRUPTED = "Interrupted"

# The most telling first: when a deadline passes, the run's reason is what held it up.
ALL = (
    INVALID_SPEC,
    NODE_LOST,
    EVICTED,
    OOM_KILLED,
    CHILD_DELETED,
    SINK_UNAVAILABLE,
    QUOTA_EXCEEDED,
    IMAGE_PULL_FAILED,
    UNSCHEDULABLE,
    COMPONENT_FAILED,
    NAME_TAKEN,
    REFUSED,
    PROOF_UNEQUAL,
    NOTHING_PROVEN,
    INTERRUPTED,
    DEADLINE_EXCEEDED,
)
