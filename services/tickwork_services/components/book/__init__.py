"""Keeps order books in step with the venue and proves them; the kernel is in the Rust core."""
