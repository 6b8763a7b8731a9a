"""Coordinates the workers of a clock experiment. Not built yet."""
