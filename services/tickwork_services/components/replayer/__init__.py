"""Plays a recording back. Not built yet."""
