"""The envelope of an Experiment: YAML with line numbers, the fields shared by all kinds.

Here: loading, the strict scalars, mistakes with their lines, ``--set``. Never here: a kind by
name; the table of kinds' specs is handed in.
"""
