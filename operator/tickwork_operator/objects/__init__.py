"""Pure builders: a Group becomes a Pod and a Service, a Unit a container; one file per object.

Here: names, addresses, and what each object says. Never here: a call to a cluster (``cluster``),
when an object is made or removed (``decide``), what a pod's state means (``fates``).
"""
