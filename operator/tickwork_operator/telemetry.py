"""Logs and metrics of the operator; its only room for structlog and prometheus_client."""
