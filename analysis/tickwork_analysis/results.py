"""The models of ``results.json``."""
