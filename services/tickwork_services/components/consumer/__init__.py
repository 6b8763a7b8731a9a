"""Reads what was published, checks it, and times its way."""
