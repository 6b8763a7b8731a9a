"""Answers Control."""
