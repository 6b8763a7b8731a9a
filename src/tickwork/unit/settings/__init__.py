"""One file per component: its settings with their defaults, and nothing else.

A default lives here or in a kind's ``spec.py``, nowhere else. Never here: behaviour.
"""
