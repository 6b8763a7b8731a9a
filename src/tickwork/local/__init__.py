"""The first executor: one process tree on this machine.

Here: addresses, processes, the supervisor. Never here: what a unit does.
"""
