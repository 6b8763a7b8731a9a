"""WebSocket echo servers written in Python. Not built yet: it comes with the kind ``echo``."""
