"""The one table of transports."""
