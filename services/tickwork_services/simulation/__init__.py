"""Oscillators, paths and seeded laws: what twins and emulators are made of."""
