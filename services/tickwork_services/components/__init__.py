"""One folder per component, siblings that never import each other.

A component sees inlets, outlets and records; never a transport, a codec or an address.
"""
