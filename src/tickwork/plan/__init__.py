"""A Plan: groups of units, links and blocks with symbolic addresses.

Here: the models, placement, wiring with the reach rule, binding to addresses; all of it pure. Never
here: a kind's own decisions (``kinds``) or processes (``local``).
"""
