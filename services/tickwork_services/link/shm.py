"""The transport ``shm``."""
