"""The Plan and its parts, frozen."""
