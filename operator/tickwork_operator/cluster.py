"""The operator's only way to the API server. Not built yet."""
