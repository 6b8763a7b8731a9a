"""The data plane: everything that runs inside an experiment.

Here: ``python -m tickwork_services unit.json``, components, links, venues, records. Never here:
manifests, plans, kinds, executors; a process gets its unit and does not know who started it.
"""
