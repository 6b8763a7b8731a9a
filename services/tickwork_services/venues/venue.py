"""The venue concept."""
