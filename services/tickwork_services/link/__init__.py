"""The link concept, its transports, and the one table of them.

A transport is one file that the table names; transports never import each other.
"""
