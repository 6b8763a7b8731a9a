"""Receives the events of a route. Not built yet: it comes with the kind ``route``."""
