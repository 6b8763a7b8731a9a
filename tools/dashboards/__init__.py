"""Grafana's dashboards as code: what they show (boards), and how Grafana wants it (grafana).

``make dashboards`` writes charts/tickwork/dashboards; they are never edited there.
"""
