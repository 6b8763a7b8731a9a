"""The CLI's only way to a cluster. Not built yet."""
