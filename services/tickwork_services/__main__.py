"""Starts a unit: ``python -m tickwork_services unit.json``."""
