"""Writes every frame to a recording. Not built yet."""
