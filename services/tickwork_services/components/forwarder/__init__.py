"""Reads a venue's sockets, stamps every frame on arrival, merges its lines, never stops reading."""
