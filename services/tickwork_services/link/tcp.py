"""The transport ``tcp``."""
