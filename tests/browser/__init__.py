"""Proofs of the report in a real browser: an installed Chromium, driven over its own protocol.

Here: driving, and what only a browser can say. Never here: what a text of the page already shows.
"""
