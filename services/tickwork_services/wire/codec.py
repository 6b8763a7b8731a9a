"""The codec concept."""
