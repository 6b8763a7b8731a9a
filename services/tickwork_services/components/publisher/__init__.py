"""Publishes books to this machine's memory and to TCP; the kernel lies in the Rust core."""
