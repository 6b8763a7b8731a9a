"""The transport ``memory``."""
