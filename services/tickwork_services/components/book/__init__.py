"""Keeps the order books in step with the venue and proves them; the kernel lies in the Rust core."""
