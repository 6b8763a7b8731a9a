"""The transport ``udp``."""
