"""A real Prometheus over real runs: what is exposed, and what dashboards and alerts find in it.

Run by ``make monitoring-test``, not by ``make test``; skipped where Prometheus is not installed.
"""
