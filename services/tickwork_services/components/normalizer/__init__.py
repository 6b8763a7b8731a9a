"""Turns frames into records; the kernel lies in the Rust core."""
