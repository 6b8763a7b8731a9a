"""Drives a Plan's units through Control, near or far, and gathers what they saw.

Here: ready, blocks, progress, stop in flow order, collect. Never here: how a unit was started.
"""
