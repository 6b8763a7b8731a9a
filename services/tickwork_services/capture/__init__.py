"""Recorded streams: our format and other people's; read and write."""
