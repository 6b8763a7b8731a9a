"""The kinds of Experiment, and the compiler that turns one into a Plan.

Here: one folder per kind with ``spec.py`` and ``planner.py``, ``compiler.py`` (the table) and
``crd.py``. Never here: anything that runs.
"""
