"""A program that behaves like a venue: same protocol, same limits, chosen faults."""
