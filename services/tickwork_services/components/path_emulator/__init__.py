"""Puts a path's delay and loss between two ends. Not built yet: it comes with ``route``."""
