"""What control hands to data: a Unit, to the letter of ``unit.json``.

Here: the frozen models of units, links, transports, programs, venues by name and the settings
of each component, and the check of the certificates that a unit is given. Never here: how a unit
is made (``plan``) or run (``tickwork_services.host``).
"""
