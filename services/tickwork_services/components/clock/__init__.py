"""A clock with bounds and intervals. Not built yet: it comes with the kind ``clock``."""
