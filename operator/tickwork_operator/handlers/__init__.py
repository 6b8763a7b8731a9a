"""Thin kopf handlers; the only room that knows kopf. Not built yet."""
