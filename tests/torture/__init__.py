"""Kills writers, books and readers at random points, and counts what that broke: nothing.

Here: ``python -m torture --seconds N``, a small run of it as a test. Never here: what the actors
do (``integration.ring.actor``).
"""
