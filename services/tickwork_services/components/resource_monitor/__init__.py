"""Measures a unit from beside it. Not built yet."""
