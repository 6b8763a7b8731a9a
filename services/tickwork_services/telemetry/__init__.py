"""Logs, metrics and histograms of the data plane.

The only room that knows structlog and prometheus_client.
"""
