"""What the operator was promised to keep to; tests ask it, the page of figures repeats it."""

CROWD = 200
CROWD_SECONDS_MAX = 60
MEMORY_MIB_MAX = 256
IDLE_SHARE_MAX = 0.01
CHILDREN_MIN = 50
DELETION_SECONDS_MAX = 2
# Arms of an Experiment that has as many children as that.
ARMS = 9
