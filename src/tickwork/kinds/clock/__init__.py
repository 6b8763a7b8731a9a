"""The kind ``clock``: bounds and intervals of distributed time. Not built yet."""
