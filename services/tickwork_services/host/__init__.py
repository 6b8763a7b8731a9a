"""Turns one Unit into a running process.

Here: the component concept, the lifecycle, Control's answers, the environment, ``run_unit``. Never
here: what a component does.
"""
