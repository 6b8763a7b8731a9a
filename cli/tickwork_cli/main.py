"""Parses the command line and calls one verb."""
