"""Contract and control of Tickwork: what a person writes becomes a Plan, a Plan becomes Units.

Here: errors, the clock of control, the run directory, units, manifests, plans, kinds, the
conductor,
the local executor. Never here: anything hot, anything of Kubernetes (``tickwork_operator``),
anything that runs inside an experiment (``tickwork_services``). No wing is imported here.
"""
